"""The command line explains itself, and fails in sentences."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy.cli import app
from deploy.foreseen import Foreseen
from tests.support.jinlin import ENVIRONMENT, jinlin, one_sentence

COMMANDS = {
    *("up", "demo", "verify", "serve", "migrate", "maintain", "provision", "token", "keys"),
    *("outbox", "outbox republish", "dlq", "dlq list", "dlq show"),
    *("dlq replay", "dlq dismiss", "backup", "restore", "reconcile"),
}
"""What the README and the operator's scripts call: a name that goes is a promise broken."""

NEED_A_PLATFORM = [
    *("verify", "migrate", "maintain", "provision", "token operator", "dlq list", "dlq show 1"),
    *("outbox republish --since 2026-01-01", "demo --at http://127.0.0.1:1"),
    *("dlq replay --all", "dlq dismiss 1 --reason x", "reconcile"),
]


def commands() -> Iterator[tuple[str, object]]:
    """Every command and group below `jinlin`, by what is typed."""

    def below(words: list[str], command: object) -> Iterator[tuple[str, object]]:
        for name, child in getattr(command, "commands", {}).items():
            yield " ".join([*words, name]), child
            yield from below([*words, name], child)

    return below([], typer.main.get_command(app))


def test_every_command_is_there() -> None:
    assert {name for name, _ in commands()} == COMMANDS


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_each_of_its_options_says_what_it_is(name: str, command) -> None:
    answer = CliRunner().invoke(app, [*name.split(), "--help"], terminal_width=200)
    assert answer.exit_code == 0
    assert command.help
    assert command.help.splitlines()[0] in " ".join(answer.output.split())
    for parameter in command.params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("arguments", NEED_A_PLATFORM)
def test_without_a_platform_each_command_says_what_to_do(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POSTGRES_URL", "NATS_URL", "OPERATOR_NAME", "OPERATOR_PASSWORD"):
        monkeypatch.delenv(f"JINLIN_{name}", raising=False)
    answer = CliRunner().invoke(app, [*arguments.split(), "--data", str(tmp_path / "none")])
    assert isinstance(answer.exception, Foreseen), answer.output
    assert "jinlin up" in str(answer.exception) or "--data" in str(answer.exception)


@pytest.mark.parametrize("service", ["store", "", "console.pages"])
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_an_unknown_service_is_the_callers_mistake(command: str, service: str) -> None:
    assert CliRunner().invoke(app, [command, service]).exit_code == 2


async def test_the_installed_command_answers() -> None:
    answer = await jinlin("--help")
    assert answer.code == 0
    assert "Jinlin 近邻" in answer.out


async def test_an_unknown_command_ends_with_2() -> None:
    answer = await jinlin("update")
    assert answer.code == 2
    assert "No such command" in answer.err


async def test_a_foreseen_failure_is_one_sentence_and_1(tmp_path: Path) -> None:
    sentence = one_sentence(await jinlin("verify", "--data", tmp_path))
    assert sentence.startswith(f"No platform is running in the folder {tmp_path}. Start one with")
    assert "JINLIN_POSTGRES_URL" not in ENVIRONMENT


async def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_STREAM_BYTES", "1GB")
    assert one_sentence(await jinlin("verify")).startswith("JINLIN_STREAM_BYTES: ")


def test_a_folder_without_keys_says_so_and_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JINLIN_POSTGRES_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    monkeypatch.setenv("JINLIN_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("JINLIN_KEYS", str(tmp_path))
    answer = CliRunner().invoke(app, ["verify"])
    assert isinstance(answer.exception, Foreseen), answer.output
    assert f"jinlin keys {tmp_path}" in str(answer.exception)
    assert not list(tmp_path.iterdir())


def test_in_the_usual_folder_the_first_advice_is_make_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("POSTGRES_URL", "NATS_URL"):
        monkeypatch.delenv(f"JINLIN_{name}", raising=False)
    said = str(CliRunner().invoke(app, ["verify"]).exception)
    where = f"the folder data ({tmp_path / 'data'})"
    assert said.startswith(f"No platform is running in {where}. Start one with `make up`. ")


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8000", "http://", "http://[x", "http://h:99999", "ftp://h", "", "h"]
)
@pytest.mark.parametrize("command", ["demo", "token operator"])
def test_what_is_no_address_is_refused_at_once(command: str, address: str) -> None:
    answer = CliRunner().invoke(app, [*command.split(), "--at", address])
    assert isinstance(answer.exception, Foreseen), answer.output
    assert str(answer.exception).startswith(f"{address} is no address")
