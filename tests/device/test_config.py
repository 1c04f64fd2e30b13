"""A configuration is taken whole or refused with every mistake named."""

from pathlib import Path

import pytest

from device.config import FaceConfig, ReaderConfig, read_config
from device.config_table import CONFIG_MAX_BYTES, ConfigError
from device.display.printers.presets import PRESETS
from device.display.printers.urls import SerialPlace, StarUrl
from device.nfc.readers.reader_url import ResetLine, SerialPn532
from device.scanners.scanner_url import ScannerPlace
from hub.pairing.private_ca import new_root
from loyalty.clock import SystemClock

SECRET = "ab" * 32
GOOD = f"""
device = "h1"
store = "s1"
locale = "zh_Hant_HK"

[files]
journal = "journal.db"
catalogue = "/var/lib/revisit/catalogue.json"
card_keys = "card-keys.toml"

[hub]
host = "127.0.0.1"
port = 1883
password = "open-sesame"

[[hub.secrets]]
kid = "k1"
hex = "{SECRET}"

[[hub.secrets]]
kid = "k2"
file = "secret-k2"

[reader]
url = "pn532+serial:///dev/ttyAMA0"
reset = "/dev/gpiochip0:17"

[printer]
url = "star+serial:///dev/ttyUSB0?baud=9600"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "secret-k2").write_text("cd" * 32 + "\n")
    (tmp_path / "card-keys.toml").write_text(f'master = "{"0f" * 16}"\nseal_key = "{SECRET}"\n')
    return tmp_path / "handheld.toml"


def mistakes_of(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    return [it.removeprefix(f"{path}: ") for it in str(caught.value).splitlines()]


def test_a_whole_configuration_is_read(path: Path) -> None:
    path.write_text(GOOD)

    config = read_config(path)

    assert (config.identity.store, config.identity.device) == ("s1", "h1")
    assert config.identity.secrets == {"k1": b"\xab" * 32, "k2": b"\xcd" * 32}
    assert (config.broker.host, config.broker.port) == ("127.0.0.1", 1883)
    assert config.broker.password == "open-sesame"
    assert config.locale == "zh_Hant_HK"
    assert config.reader == ReaderConfig(
        place=SerialPn532(path="/dev/ttyAMA0", baud=115200),
        reset=ResetLine(chip="/dev/gpiochip0", line=17),
    )
    assert config.printer == StarUrl(SerialPlace("/dev/ttyUSB0", 9600), PRESETS["normal"])


def test_each_mistake_about_the_reader_is_named(path: Path) -> None:
    text = GOOD.replace("ttyAMA0", "ttyAMA0?baud=115201&parity=even").replace(":17", "")

    assert mistakes_of(path, text) == [
        "reader.url: found baud '115201', wanted one of 9600, 19200, 38400, 57600, 115200, 230400,"
        " 460800, 921600",
        "reader.url: found option 'parity', wanted none but baud",
        "reader.reset: found '/dev/gpiochip0', wanted /dev/gpiochip…:LINE, the line 0 to 1023",
    ]


def test_a_reset_line_may_be_left_out(path: Path) -> None:
    path.write_text(GOOD.replace('reset = "/dev/gpiochip0:17"\n', ""))

    assert read_config(path).reader.reset is None


def test_a_face_is_the_ordinary_one_unless_told_otherwise(path: Path) -> None:
    path.write_text(GOOD)
    assert read_config(path).face == FaceConfig("classic", 0, invert=False)

    path.write_text(GOOD + '[face]\nlayout = "wallet"\nturn = 180\ninvert = true\n')
    assert read_config(path).face == FaceConfig("wallet", 180, invert=True)

    path.write_text(GOOD + '[face]\nlayout = "own.toml"\n')
    assert read_config(path).face.layout == str(path.parent / "own.toml")


def test_each_mistake_about_the_face_is_named(path: Path) -> None:
    assert mistakes_of(path, GOOD + "[face]\nlayout = 3\nturn = 45\ninvert = 1\nup = 1\n") == [
        "face.layout: found 3, wanted text of 1 to 255 characters",
        "face.turn: found 45, wanted one of 0, 90, 180, 270",
        "face.invert: found 1, wanted one of False, True",
        "face.up: not a key of this table",
    ]


def test_paths_are_taken_from_the_files_own_directory(path: Path) -> None:
    path.write_text(GOOD)

    config = read_config(path)

    assert config.journal == path.parent / "journal.db"
    assert config.card_keys == path.parent / "card-keys.toml"
    assert config.catalogue == Path("/var/lib/revisit/catalogue.json")


def test_a_terminal_may_have_no_printer_and_no_card_keys(path: Path) -> None:
    path.write_text(GOOD.split("[printer]")[0].replace('card_keys = "card-keys.toml"\n', ""))

    config = read_config(path)

    assert (config.printer, config.card_keys) == (None, None)


def test_a_password_may_stand_in_a_file_of_its_own(path: Path) -> None:
    (path.parent / "password").write_text("from-file\n")
    path.write_text(GOOD.replace('password = "open-sesame"', 'password_file = "password"'))

    assert read_config(path).broker.password == "from-file"


def test_a_broker_with_tls_is_known_by_its_ca(path: Path) -> None:
    root = new_root(SystemClock().now_ms())
    (path.parent / "ca.crt").write_bytes(root.certificate)
    path.write_text(GOOD.replace("port = 1883", 'port = 8883\nca_file = "ca.crt"'))

    tls = read_config(path).broker.tls

    assert tls is not None
    assert tls.check_hostname
    assert len(tls.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('ca_file = "absent"', "hub.ca_file: {}/absent: No such file or directory, wanted"),
        (
            'ca_file = "secret-k2"',
            "hub.ca_file: {}/secret-k2: found something else, wanted certificates",
        ),
        ("ca_file = 5", "hub.ca_file: found 5, wanted text"),
        ('certificate_file = "x"', "hub.ca_file: missing, wanted with a certificate or a key"),
        (
            'ca_file = "ca.crt"\nkey_file = "x"',
            "hub.certificate_file: missing, wanted both certificate_file and key_file or neither",
        ),
        (
            'ca_file = "ca.crt"\ncertificate_file = "ca.crt"\nkey_file = "secret-k2"',
            "hub.certificate_file: {}/ca.crt: found something else, wanted a certificate",
        ),
    ],
)
def test_mistakes_about_tls_are_named_with_the_others(path: Path, keys: str, told: str) -> None:
    root = new_root(SystemClock().now_ms())
    (path.parent / "ca.crt").write_bytes(root.certificate)

    text = GOOD.replace("port = 1883", keys)

    port, tls = mistakes_of(path, text)
    assert port.startswith("hub.port: missing")
    assert tls.startswith(told.format(path.parent))


def test_secrets_never_show_in_the_repr(path: Path) -> None:
    path.write_text(GOOD)

    shown = repr(read_config(path))

    assert "open-sesame" not in shown
    assert SECRET not in shown
    assert repr(b"\xab" * 32) not in shown


def test_ten_mistakes_are_named_at_once(path: Path) -> None:
    text = f"""
device = "h 1"
locale = "klingon"
colour = "red"
[files]
journal = 7
catalogue = ""
[hub]
host = "127.0.0.1"
port = 70000
password = "a"
password_file = "b"
[[hub.secrets]]
kid = "k1"
hex = "{SECRET[:10]}"
[[hub.secrets]]
kid = "k1"
file = "nowhere"
[printer]
url = "star+serial:///dev/ttyUSB0?baud=9601&speed=2"
"""

    found = mistakes_of(path, text)

    assert found == [
        "device: found 'h 1', wanted 1-64 of A-Z a-z 0-9 _ -",
        "store: missing, wanted 1-64 of A-Z a-z 0-9 _ -",
        "locale: found 'klingon', wanted one of en, zh_Hant_HK, zh_Hans_CN",
        "files.journal: found 7, wanted text of 1 to 255 characters",
        "files.catalogue: found '', wanted text of 1 to 255 characters",
        "hub.port: found 70000, wanted a port, 1 to 65535",
        "hub.password: wanted either password or password_file",
        "hub.secrets[0].hex: wanted 32 to 256 hexadecimal digits",
        f"hub.secrets[1].file: cannot read {path.parent / 'nowhere'}: No such file or directory",
        "reader: missing, wanted a table",
        "reader.url: missing, wanted text of 1 to 255 characters",
        "printer.url: baud '9601', wanted one of 9600, 19200, 38400, 57600, 115200",
        "printer.url: 'speed' is no option of this printer",
        "colour: not a key of this table",
    ]


@pytest.mark.parametrize(
    "slip",
    [
        GOOD.replace(SECRET, "not-hex-" + SECRET),
        GOOD.replace(f'hex = "{SECRET}"', f'hexx = "{SECRET}"'),
        GOOD.replace('password = "open-sesame"', 'password = ["open-sesame"]'),
        GOOD.split("[[hub.secrets]]")[0] + f'secrets = ["{SECRET}", "open-sesame"]',
        GOOD.split("[[hub.secrets]]")[0] + f'secrets = {{k1 = "{SECRET}"}}',
    ],
)
def test_a_mistake_in_a_secrets_place_does_not_repeat_it(path: Path, slip: str) -> None:
    found = "\n".join(mistakes_of(path, slip))

    assert found
    assert SECRET[:20] not in found
    assert "open-sesame" not in found


def test_a_key_id_cannot_be_used_twice(path: Path) -> None:
    assert mistakes_of(path, GOOD.replace('kid = "k2"', 'kid = "k1"')) == [
        "hub.secrets[1].kid: 'k1' twice, wanted another"
    ]


def test_a_third_secret_is_refused(path: Path) -> None:
    third = f'[[hub.secrets]]\nkid = "k3"\nhex = "{SECRET}"\n'

    (mistake,) = mistakes_of(path, GOOD.replace("[reader]", third + "[reader]"))

    assert mistake == "hub.secrets: found list, wanted 1 to 2 tables"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device = 1\nstore = = 2", ".toml:2: no TOML"),
        ("device = 1\nstore = 0x" + "f" * 5000, ".toml:2: found a word of 5002 characters"),
        ('a = "' + "x" * CONFIG_MAX_BYTES + '"', f"at most {CONFIG_MAX_BYTES}"),
        ("a = " + "[" * 60_000, ""),
    ],
)
def test_what_is_no_toml_of_ours_is_said_in_one_line(path: Path, text: str, said: str) -> None:
    (mistake,) = mistakes_of(path, text)

    assert said in mistake


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="utf-8"):
        read_config(path)


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "kiosk.toml")


def test_a_scanner_is_there_only_where_it_is_named(path: Path) -> None:
    path.write_text(GOOD)
    without = read_config(path)

    path.write_text(f'{GOOD}\n[scanner]\nurl = "serial:///dev/ttyACM0"\n')

    assert without.scanner is None
    assert read_config(path).scanner == ScannerPlace(how="serial", path="/dev/ttyACM0", baud=9600)


def test_each_mistake_about_the_scanner_is_named(path: Path) -> None:
    found = mistakes_of(path, f'{GOOD}\n[scanner]\nurl = "usb://x"\nport = 1\n')

    assert found == [
        "scanner.url: found 'usb://x', wanted serial:///dev/… or keyboard:///dev/input/…",
        "scanner.port: not a key of this table",
    ]


def test_mistakes_in_the_file_of_card_keys_are_told_with_the_others(path: Path) -> None:
    (path.parent / "card-keys.toml").write_text('master = "5ec2e7"\n')

    told = mistakes_of(path, GOOD.replace('"zh_Hant_HK"', '"fr"'))

    assert len(told) == 3
    assert any(it.startswith("locale: ") for it in told)
    assert sum(it.startswith("files.card_keys: ") for it in told) == 2
    assert "5ec2e7" not in "".join(told)


def test_a_surface_of_no_kind_is_told_like_any_mistake(path: Path) -> None:
    (mistake,) = mistakes_of(path, GOOD + '\n[screen]\nsurface = "paper:"\n')

    assert mistake.startswith("screen.surface: found 'paper:', wanted one of")


def test_a_secret_that_others_may_read_is_a_mistake(path: Path) -> None:
    secret = path.with_name("secret-k2")
    secret.chmod(0o644)

    found = mistakes_of(path, GOOD)

    wanted = "found mode 644, so that others have what is in it, wanted 600 (chmod 600)"
    assert found == [f"hub.secrets[1].file: {secret}: {wanted}"]
