"""The `condensat vocabulary` commands: which words make tags and stories, why a text has them, and apply a change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import files, output, progress, session, settings, tagging
from indexer.cli import report as reporting
from indexer.cli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from indexer.vocabulary import Entry, Explanation, Mention, Verdict, Vocabulary

app = typer.Typer(
    help="Tags, stories and CVE ids: which words make them, why a text has them, and your own vocabulary.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Single = Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")]
MENTIONS = 3  # of a name that a table shows without --full
WORDS_SHOWN = 60  # characters of the words of an entry in a table


@app.command(
    "test",
    epilog="`condensat vocabulary test 'Lazarus hackers exploit a flaw in a VPN'`\n\n"
    "`condensat vocabulary test article.txt --title 'Stories from the SOC'`\n\n"
    "`cat article.txt | condensat vocabulary test -`",
)
def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE|-", help="A text, a text file, or - for standard input.")],
    *,
    title: Annotated[
        str | None, typer.Option(help="The title. Without one the first line of the text is taken for it.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Every mention.")] = False,
    form: Single = output.OneFormat.TABLE,
) -> None:
    """Say which tags, stories and CVE ids a text gets, by which words at which place, and why others are not given."""
    from indexer.vocabulary import Tagger

    whole = _given(text)
    if title is None:
        title, _, whole = whole.strip().partition("\n")
    explained = Tagger(tagging.vocabulary()).explained(title.strip(), whole)
    if form is output.OneFormat.JSON:
        output.write_json(to_dict(explained))
        return
    if explained.verdicts:
        output.show(_explanation(explained, full=full))
    if not any(each.given for each in explained.verdicts):
        output.say("No tag, story or CVE id is found.")


def _given(text: str) -> str:
    if text == "-":
        return files.read_bytes(files.STANDARD_INPUT).decode("utf-8", errors="replace")
    path = Path(text)
    try:
        there = path.is_file()
    except (OSError, ValueError):  # longer than a name can be
        there = False
    if there:
        return files.read_bytes(path).decode("utf-8", errors="replace")
    if " " not in text and "/" in text:
        raise UsageError(f"There is no file {text}")
    return text


@app.command(epilog="`condensat vocabulary check`\n\n`condensat vocabulary check my.toml --format json`")
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A vocabulary; without one, the one that is in use.")
    ] = None,
    *,
    form: Single = output.OneFormat.TABLE,
) -> None:
    """Read a vocabulary and tell everything that is wrong with it, each with its line. Exits with 2 if anything is."""
    from indexer.vocabulary import VocabularyError

    problems: list[str] = []
    found: Vocabulary | None = None
    try:
        found = tagging.vocabulary(file)
    except VocabularyError as error:
        problems = error.problems
    if form is output.OneFormat.JSON:
        output.write_json({"ok": not problems, "problems": problems, **(_summary(found, file) if found else {})})
    elif found:
        _tell(found, file)
    else:
        for each in problems:
            output.say(each)
    if problems:
        raise typer.Exit(ExitCode.USAGE)


@app.command(
    epilog="`condensat vocabulary show`\n\n`condensat vocabulary show Ransomware`\n\n"
    "`condensat vocabulary show --format jsonl`"
)
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A tag, a story, or a word of one; without it, all.")
    ] = None,
    *,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """Show the tags and stories of the vocabulary that is in use, with their words."""
    found = tagging.vocabulary()
    entries = [each for each in found.entries if name is None or _is_named(each, name)]
    if form is not output.Format.TABLE:
        output.write_listing(map(_entry, entries), form)
    elif entries:
        output.show(_entries(entries, full=name is not None))
    if name is not None and not entries:
        output.say(f"Nothing in the vocabulary is called «{name}».")
        raise typer.Exit(ExitCode.FAILED)
    if name is None and form is output.Format.TABLE:
        _tell(found, None)


@app.command(epilog="`condensat vocabulary path`")
def path(form: Single = output.OneFormat.TABLE) -> None:
    """Say where the vocabulary that is in use comes from."""
    chosen = settings.load()
    where = "off" if chosen.without_vocabulary else str((chosen.vocabulary_file or _shipped_file()).absolute())
    if form is output.OneFormat.JSON:
        output.write_json({"path": where, "shipped": chosen.vocabulary is None})
    else:
        typer.echo(where)


@app.command(epilog="`condensat vocabulary copy my.toml`\n\n`condensat vocabulary copy -`")
def copy(
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="Where to; it must not be there yet.")],
) -> None:
    """Write the vocabulary that is in use to a file of your own, to be edited."""
    text = tagging.text(settings.load().vocabulary_file)
    if file == files.STANDARD_INPUT:
        sys.stdout.write(text)
        return
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already; name another file") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    output.say(f"Written to {file}. Use it: CONDENSAT_VOCABULARY={file.absolute()}")


@app.command(
    epilog="`condensat vocabulary apply`\n\n`condensat --vocabulary my.toml vocabulary apply --format json`\n\n"
    "`condensat vocabulary apply --source example.org --from 30d`"
)
def apply(
    *,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only of this source, by domain or name; repeatable.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="2026-09-01, or 7d.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="2026-09-30; that day is included.")] = None,
    form: Single = output.OneFormat.TABLE,
) -> None:
    """Give all articles the tags of the vocabulary that is in use, imported ones as well, without the network.

    Only what differs is written. Tags that an article was imported with stay, and so does what analysts wrote.
    """
    from indexer.search import Wanted
    from indexer.tagging import apply as work

    tagger = tagging.tagger()
    query = Wanted(sources=source or (), start=start, end=end).to_query()
    with session.connect() as store:
        done = work(store, tagger, now=session.now, progress=progress.make(), query=query)
    raise typer.Exit(reporting.finish(done, form, strict=False))


# -- how it looks --------------------------------------------------------------------------------------------------


def to_dict(explained: Explanation) -> dict[str, Any]:
    """Give the JSON form of an explanation."""
    found = explained.found
    return {
        "tags": list(found.tags),
        "stories": list(found.stories),
        "cves": list(found.cves),
        "verdicts": [
            {"kind": each.sort.value, "name": each.name, "given": each.given, "why": each.why}
            for each in explained.verdicts
        ],
        "mentions": [
            {
                "kind": each.sort.value,
                "name": each.name,
                "rule": each.rule,
                "term": each.written,
                "where": each.where,
                "at": each.at,
                "text": each.text,
                "before": each.before,
                "after": each.after,
                "counts": each.counts,
                "why": each.why or None,
            }
            for each in explained.mentions
        ],
    }


def _explanation(explained: Explanation, *, full: bool) -> Table:
    drawn = Table.grid(padding=(0, 1))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for verdict in explained.verdicts:
        mentions = [each for each in explained.mentions if (each.sort, each.name) == (verdict.sort, verdict.name)]
        drawn.add_row(*_verdict(verdict))
        shown = mentions if full else mentions[:MENTIONS]
        for each in shown:
            drawn.add_row("", _mention(each))
        if len(mentions) > len(shown):
            drawn.add_row("", Text(f"  and {output.count(len(mentions) - len(shown), 'mention')} more: --full", "dim"))
    return drawn


def _verdict(each: Verdict) -> tuple[Text, Text]:
    style = {"tag": "bold green", "story": "bold magenta", "cve": "bold cyan"}[each.sort.value]
    mark = Text("✓", "green") if each.given else Text("✗", "dim")
    what = Text.assemble(
        (f"{each.sort.value}  ", "dim"),
        output.line(each.name, style if each.given else "dim"),
        ("  " + output.clean(each.why), "" if each.given else "dim"),
    )
    return mark, what


def _mention(each: Mention) -> Text:
    style = "bold yellow" if each.counts else "dim strike"
    told = Text.assemble((f"  {each.where} {each.at:,}  …", "dim"), _flat(each.before[-24:]), (_flat(each.text), style))
    told.append_text(Text(_flat(each.after[:24]))).append("…", "dim")
    told.append(f"  {each.rule} «{output.clean(each.written)}»", "dim")
    if each.why:
        told.append(f"  {output.clean(each.why)}", "yellow")
    return told


def _flat(text: str) -> str:
    return output.clean(text).replace("\n", " ")


def _tell(found: Vocabulary, file: Path | None) -> None:
    about = _summary(found, file)
    output.say(
        f"{about['path']}: {output.count(about['tags'], 'tag')}, {about['stories']:,} stories, "
        f"{output.count(about['terms'], 'term')}, CVE ids {'found' if about['cves'] else 'not found'}; "
        f"version {about['version']}",
        "dim",
    )


def _summary(found: Vocabulary, file: Path | None) -> dict[str, Any]:
    named = file or settings.load().vocabulary_file
    return {
        "path": str(named) if named else tagging.SHIPPED,
        "title": found.title,
        "version": found.version,
        "tags": sum(each.sort.value == "tag" for each in found.entries),
        "stories": sum(each.sort.value == "story" for each in found.entries),
        "terms": found.words,
        "cves": found.cves,
    }


def _entry(each: Entry) -> dict[str, Any]:
    return {
        "kind": each.sort.value,
        "name": each.name,
        "terms": list(each.terms),
        "words": list(each.words),
        "hints": list(each.hints),
        "least": each.least if each.words or each.hints else None,
        "context": each.context,
        "not": list(each.excluded),
        "patterns": list(each.patterns),
        "implies": list(each.implies),
    }


def _is_named(each: Entry, name: str) -> bool:
    """Tell whether an entry is called so, or one of its words is."""
    wanted = name.casefold()
    return wanted in {one.lstrip("=").casefold() for one in (each.name, *each.listed)}


def _entries(entries: list[Entry], *, full: bool) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("kind", no_wrap=True, style="dim")
    drawn.add_column("name", overflow="fold", style="bold")
    drawn.add_column("words", overflow="fold")
    for each in entries:
        words = output.line(", ".join([*each.listed, *each.patterns]))
        if not full:
            words.truncate(WORDS_SHOWN, overflow="ellipsis")
            drawn.add_row(each.sort.value, output.line(each.name), words)
            continue
        parts = {
            "terms": each.terms, "words": each.words, f"hints (least {each.least})": each.hints, "not": each.excluded,
            "patterns": each.patterns, "implies": each.implies, "context": (each.context or "",),
        }  # fmt: skip
        told = [Text.assemble((f"{key}: ", "dim"), output.line(", ".join(of))) for key, of in parts.items() if any(of)]
        drawn.add_row(each.sort.value, output.line(each.name), Text("\n").join(told))
    return drawn


def _shipped_file() -> Path:
    from indexer import vocabulary

    return Path(vocabulary.__file__).with_name(vocabulary.NAME)
