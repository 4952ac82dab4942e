"""What the daemon is known by on TCP, and by what it knows its clients: one certificate and its key, for one life."""

from datetime import datetime
from pathlib import Path

import grpc
from unmix.locations import HOST_NAME
from unmix.ownership import write_secret

_ALWAYS = datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59)  # UTC, as cryptography has it
"""The file's being there is what makes it valid, not a clock, which may be wrong at start (RFC 5280, 4.1.2.5)."""


def new_credentials(file: Path) -> grpc.ServerCredentials:
    """Credentials that ask clients for the very certificate that they show, which is written to `file` with its key."""
    pair = _new_pair()
    write_secret(file, pair)
    return grpc.ssl_server_credentials([(pair, pair)], root_certificates=pair, require_client_auth=True)


def _new_pair() -> bytes:
    """A certificate that is signed with its own key, and the key, as PEM."""
    # Here, as only who asks for TCP needs them: they take a tenth of a second.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST_NAME)])
    begin, end = _ALWAYS
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return certificate.public_bytes(pem) + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
