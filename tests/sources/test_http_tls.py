"""Nothing is asked of a venue that does not prove who it is."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from recon.core.errors import SourceError
from tests.sources.bench import Bench
from tests.sources.hostile import Hostile, hostile


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the authority one that the machine trusts."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def served(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_a_venue_with_a_certificate_of_a_trusted_authority_is_asked(
    authority: trustme.CA, trusted: None, bench: Bench
) -> None:
    with hostile(tls=served(authority.issue_cert("127.0.0.1"))) as venue:
        assert bench.rows(venue).url == f"{venue.url}/rows"
        assert len(venue.requests) == 1


def test_an_unknown_authority_is_refused(authority: trustme.CA, bench: Bench) -> None:
    with hostile(tls=served(authority.issue_cert("127.0.0.1"))) as venue:
        _refused(bench, venue)


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, trusted: None, bench: Bench) -> None:
    with hostile(tls=served(authority.issue_cert("api.egera.example"))) as venue:
        _refused(bench, venue)


def test_an_expired_certificate_is_refused(authority: trustme.CA, trusted: None, bench: Bench) -> None:
    past = datetime(2024, 1, 1, tzinfo=UTC)
    with hostile(tls=served(authority.issue_cert("127.0.0.1", not_after=past))) as venue:
        _refused(bench, venue)


def test_another_fault_of_the_encryption_is_tried_again(
    authority: trustme.CA, trusted: None, bench: Bench
) -> None:
    context = served(authority.issue_cert("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    with hostile(tls=context) as venue:
        with pytest.raises(SourceError) as refused:
            bench.rows(venue)
        assert (venue.requests, venue.connections) == ([], 5)
    assert refused.value.kind == "tls"
    assert "(5 tries)" in refused.value.what


def _refused(bench: Bench, venue: Hostile) -> None:
    with pytest.raises(SourceError) as refused:
        bench.rows(venue)
    assert refused.value.kind == "tls"
    assert "certificate" in refused.value.what
    assert (venue.requests, venue.connections) == ([], 1)
