"""The commands that read the index: search, show, reposts, compare, condense."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli import files, output, session
from indexer.cli.errors import UsageError
from indexer.models import STORED_KINDS, Kind

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.review import PairFilter

PANEL = "Look"
LIMIT = 20  # rows of a table without --limit; JSON is complete

Reposts = StrEnum("Reposts", {"FOLD": "fold", "SHOW": "show", "HIDE": "hide", "ONLY": "only"})
Sort = StrEnum("Sort", {"RELEVANCE": "relevance", "DATE": "date", "REPOSTS": "reposts"})
Page = StrEnum("Page", {"TABLE": "table", "JSON": "json", "HTML": "html"})
Language = StrEnum("Language", {"EN": "en", "FR": "fr"})

Form = Annotated[output.Format, typer.Option("--format", help="How to write it; JSON is complete unless --limit.")]
Single = Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")]
Limit = Annotated[int | None, typer.Option(min=1, help=f"At most so many; a table has {LIMIT} without it.")]
Source = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only of this source, by domain or name; repeatable.")
]
Tag = Annotated[list[str] | None, typer.Option(help="Only with this tag; repeatable.")]
Story = Annotated[list[str] | None, typer.Option(help="Only of this story; repeatable.")]
Cve = Annotated[list[str] | None, typer.Option(help="Only naming this CVE; repeatable.")]
InLanguage = Annotated[list[str] | None, typer.Option(help="Only in this language, such as en; repeatable.")]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="2026-09-01, or 7d for the last seven days.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="2026-09-30; that day is included.")]
Full = Annotated[bool, typer.Option("--full", help="Show all of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command, epilog in (
        (
            search,
            [
                "condensat search 'ransomware hospital'",
                "condensat search '\"supply chain\" AND title:npm' --from 7d",
                "condensat search '(ransom* OR rançongiciel~) -tag:Patching published:[2026-09-01 TO 2026-09-30]'",
                "condensat search 'cve:CVE-2026-*' --facets",
                "condensat search '*' --source example.org --reposts hide --format jsonl",
            ],
        ),
        (
            show,
            [
                "condensat show 3f9ac01b2d",
                "condensat show https://example.org/2026/an-article --format json",
                "condensat show 3f9ac01b2d --format html --language fr -o article.html",
            ],
        ),
        (
            reposts,
            [
                "condensat reposts",
                "condensat reposts 3f9ac01b2d",
                "condensat reposts --kind exact --kind near --from 7d --min-coverage 0.8 --format jsonl",
                "condensat reposts --summary --no-update --from 30d",
            ],
        ),
        (compare, ["condensat compare 3f9ac01b2d 77e0d5c2a1", "condensat compare first.txt second.txt"]),
        (condense, ["condensat condense article.txt", "echo 'DNS recon and exfiltration' | condensat condense -"]),
    ):
        app.command(rich_help_panel=PANEL, epilog="\n\n".join(f"`{line}`" for line in epilog))(command)


def search(
    query: Annotated[
        str, typer.Argument(help='Words, "phrases", AND OR NOT, wild*cards, fuzzy~, title: tag: cve: …; * for all.')
    ],
    *,
    source: Source = None,
    tag: Tag = None,
    story: Story = None,
    cve: Cve = None,
    language: InLanguage = None,
    start: From = None,
    end: To = None,
    reposts: Annotated[
        Reposts | None,
        typer.Option(
            help="What repeats an earlier article: folded under it, shown, hidden, or nothing else. "
            "A table folds, JSON shows, if you do not say."
        ),
    ] = None,
    sort: Annotated[Sort, typer.Option(help="What comes first.")] = Sort.RELEVANCE,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count by source, tag, story, CVE, language and day in place of listing.")
    ] = False,
    limit: Limit = None,
    form: Form = output.Format.TABLE,
) -> None:
    """Search the articles.

    All words must be there, in title or text, in any of their forms, English or French; what stands "in quotes" must
    be there as it is written. AND binds more tightly than OR. `~` after a word allows for misspelling, `*` and a `?`
    inside it stand for letters.

    Fields: `title: text: author: source: domain: tag: story: cve: language: url: id:`, an analyst's `shelf: stars:
    note: by:`, and `date: published: seen: noted:` with a day, month, year, `7d`, `today`, `>=2026-09-01` or
    `[2026-09-01 TO 2026-09-30]`; `reposts:>5`, `repost:no`, `sent:no`.
    """
    from indexer import search as work
    from indexer.cli import searching

    default: work.Reposts = "fold" if form is output.Format.TABLE and not facets else "show"
    wanted = work.Wanted(
        query=query,
        sources=source or (),
        tags=tag or (),
        stories=story or (),
        cves=cve or (),
        languages=language or (),
        start=start,
        end=end,
        reposts=reposts.value if reposts else default,
    )
    with session.connect() as store:
        if facets:
            searching.count(store, wanted, limit=limit, form=form)
        else:
            searching.hits(store, wanted, sort=sort.value, limit=limit, form=form)


def show(
    article: Annotated[
        str, typer.Argument(metavar="ID|URL", help="An id or its beginning, or any address of the article.")
    ],
    *,
    full: Full = False,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the HTML page there.")
    ] = None,
    language: Annotated[Language, typer.Option(help="Of the labels of the HTML page.")] = Language.EN,
    form: Annotated[Page, typer.Option("--format", help="How to write it.")] = Page.TABLE,
) -> None:
    """Show the review page of an article: what it is, who reposted it, and what it repeats.

    As HTML it is one file that needs no other and no network, for a browser, a phone or a printer.
    """
    from indexer import review
    from indexer.cli import page

    if to is not None and form is not Page.HTML:
        raise UsageError("--output is for the page: --format html -o FILE")
    with session.connect() as store:
        found = review.show(store, article)
    if form is Page.JSON:
        output.write_json(page.to_dict(found))
    elif form is Page.TABLE:
        output.show(page.draw(found, full=full))
    else:
        from indexer.rendering import review_page

        written = review_page(found, language.value)
        if to is None:
            typer.echo(written.encode(), nl=False)
        else:
            files.write(to, written.encode())
            output.say(f"{to}", "dim")


def reposts(
    article: Annotated[str | None, typer.Argument(metavar="[ID|URL]", help="Only the pairs of this article.")] = None,
    *,
    kind: Annotated[
        list[Kind] | None, typer.Option(metavar="KIND", help="Only exact, near, partial or passage; repeatable.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only with this source on either side, by domain or name; repeatable."),
    ] = None,
    start: From = None,
    end: To = None,
    min_coverage: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the more covered article, 0 to 1.")
    ] = 0.0,
    update: Annotated[
        bool | None,
        typer.Option("--update/--no-update", help="Only a source's own articles again in changed form, or none."),
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Sum up who copies whom, and how fast.")] = False,
    limit: Limit = None,
    form: Form = output.Format.TABLE,
) -> None:
    """List who repeats whom, the latest first, or both directions of one article; or sum up who copies whom."""
    from indexer import review

    for each in kind or ():
        if each not in STORED_KINDS:
            raise UsageError(
                f"Pairs of the kind {each.value} are not stored; see two articles with: condensat compare A B"
            )
    wanted = review.PairFilter(
        reference=article,
        kinds=[each.value for each in kind or ()],
        sources=source or (),
        start=start,
        end=end,
        min_coverage=min_coverage,
        update=update,
    )
    rows = limit or (LIMIT if form is output.Format.TABLE else None)
    with session.connect() as store:
        show_rows = _summary if summary else _pairs
        show_rows(store, wanted, rows, form)


def _pairs(store: Store, wanted: PairFilter, rows: int | None, form: output.Format) -> None:
    from indexer import review
    from indexer.cli import tables

    if form is not output.Format.TABLE:
        output.write_listing((pair.to_dict() for pair in review.pairs(store, wanted, limit=rows)), form)
        return
    found = list(review.pairs(store, wanted, limit=None if rows is None else rows + 1))  # one tells of more
    shown = found[:rows]
    if shown:
        output.show(tables.pairs(shown, review.source_names(store, shown)))
        more = ", and more: --limit" if len(found) > len(shown) else ""
        output.say(f"{output.count(len(shown), 'pair')}{more}", "dim")
    else:
        output.say("No pairs.")


def _summary(store: Store, wanted: PairFilter, rows: int | None, form: output.Format) -> None:
    from indexer.cli import tables
    from indexer.summary import sum_dict, summarise

    found = summarise(store, wanted)
    shown = found.rows[:rows]
    if form is output.Format.JSON:
        output.write_json({"total": sum_dict(found.total), "rows": [row.to_dict() for row in shown]})
    elif form is output.Format.JSONL:
        output.write_listing((row.to_dict() for row in shown), form)
    elif shown:
        output.show(tables.summary(shown))
        output.say(tables.total(found, len(shown)), "dim")
    else:
        output.say("No pairs.")


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="An id, a URL, or a text file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    *,
    full: Full = False,
    form: Single = output.OneFormat.TABLE,
) -> None:
    """Tell why two articles are, or are not, the same. Two files need no Elasticsearch."""
    from indexer import review
    from indexer.cli import comparison

    for each in (a, b):
        if "://" not in each and ("/" in each or "." in each):
            files.check(Path(each))
    with ExitStack() as stack:
        opened: list[Store] = []

        def open_store() -> Store:
            if not opened:
                opened.append(stack.enter_context(session.connect()))
            return opened[0]

        found = review.compare(open_store, a, b)
    if form is output.OneFormat.JSON:
        output.write_json(comparison.to_dict(found))
    else:
        output.show(comparison.draw(found, full=full))


def condense(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE|-]", help="A text file; - for standard input.")
    ] = files.STANDARD_INPUT,
    *,
    title: Annotated[str | None, typer.Option(help="The title, which stands before the text.")] = None,
    form: Single = output.OneFormat.TABLE,
) -> None:
    """Give the condensate of a text: its distinct words of weight, sorted."""
    text = files.read_bytes(file).decode("utf-8", errors="replace")
    whole = f"{title}\n{text}" if title else text
    with session.connect() as store:
        condensate = store.condense([whole])[0]
    if form is output.OneFormat.JSON:
        output.write_json({"condensate": condensate, "tokens": len(condensate.split())})
    else:
        typer.echo(output.clean(condensate))
