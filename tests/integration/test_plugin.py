"""The plugin gives what Elastic's public reference pages show for each component, under the stock names and options."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import ApiError, BadRequestError, Elasticsearch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.engine import Running


@pytest.fixture(scope="module")
def client(engine: Running) -> Iterator[Elasticsearch]:
    with Elasticsearch(engine.url, basic_auth=(engine.username, engine.password), request_timeout=60) as client:
        yield client


def tokens(client: Elasticsearch, text: str, **chain: Any) -> list[str]:
    return [each["token"] for each in client.indices.analyze(text=text, **chain)["tokens"]]


SENTENCE = "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone."


@pytest.mark.parametrize(
    ("tokenizer", "text", "expected"),
    [
        (
            {"type": "char_group", "tokenize_on_chars": ["whitespace", "-", "\n"]},
            "The QUICK brown-fox",
            ["The", "QUICK", "brown", "fox"],
        ),
        ({"type": "char_group", "tokenize_on_chars": ["\\u002d", "symbol"]}, "a-b+c d", ["a", "b", "c d"]),
        ({"type": "char_group", "tokenize_on_chars": ["punctuation", "digit"]}, "a.b1c«d»", ["a", "b", "c", "d"]),
        ({"type": "char_group", "tokenize_on_chars": ["-"], "max_token_length": 3}, "abcde-f", ["abc", "de", "f"]),
        (
            "classic",
            SENTENCE,
            ["The", "2", "QUICK", "Brown", "Foxes", "jumped", "over", "the", "lazy", "dog's", "bone"],
        ),
        ("edge_ngram", "Quick Fox", ["Q", "Qu"]),
        (
            {"type": "edge_ngram", "min_gram": 2, "max_gram": 10, "token_chars": ["letter", "digit"]},
            "2 Quick Foxes.",
            ["Qu", "Qui", "Quic", "Quick", "Fo", "Fox", "Foxe", "Foxes"],
        ),
        ("keyword", "New York", ["New York"]),
        ("letter", SENTENCE, ["The", "QUICK", "Brown", "Foxes", "jumped", "over", "the", "lazy", "dog", "s", "bone"]),
        (
            "lowercase",
            SENTENCE,
            ["the", "quick", "brown", "foxes", "jumped", "over", "the", "lazy", "dog", "s", "bone"],
        ),
        (
            "ngram",
            "Quick Fox",
            ["Q", "Qu", "u", "ui", "i", "ic", "c", "ck", "k", "k ", " ", " F", "F", "Fo", "o", "ox", "x"],
        ),
        (
            {"type": "ngram", "min_gram": 3, "max_gram": 3, "token_chars": ["letter", "digit"]},
            "2 Quick Foxes.",
            ["Qui", "uic", "ick", "Fox", "oxe", "xes"],
        ),
        ("path_hierarchy", "/one/two/three", ["/one", "/one/two", "/one/two/three"]),
        (
            {"type": "path_hierarchy", "delimiter": "-", "replacement": "/", "skip": 2},
            "one-two-three-four-five",
            ["/three", "/three/four", "/three/four/five"],
        ),
        ("pattern", "The foo_bar_size's default is 5.", ["The", "foo_bar_size", "s", "default", "is", "5"]),
        ({"type": "pattern", "pattern": ","}, "comma,separated,values", ["comma", "separated", "values"]),
        (
            {"type": "pattern", "pattern": '"((?:\\\\"|[^"]|\\\\")+)"', "group": 1},
            '"value", "value with embedded \\" quote"',
            ["value", 'value with embedded \\" quote'],
        ),
        ({"type": "pattern", "pattern": "X", "flags": "CASE_INSENSITIVE"}, "axbXc", ["a", "b", "c"]),
        ({"type": "simple_pattern", "pattern": "[0123456789]{3}"}, "fd-786-335-514-x", ["786", "335", "514"]),
        ({"type": "simple_pattern_split", "pattern": "_"}, "an_underscored_phrase", ["an", "underscored", "phrase"]),
        (
            "uax_url_email",
            "Email me at john.smith@global-international.com",
            ["Email", "me", "at", "john.smith@global-international.com"],
        ),
        (
            {"type": "uax_url_email", "max_token_length": 5},
            "john.smith@global-international.com",
            ["john", "smith", "globa", "l", "inter", "natio", "nal.c", "om"],
        ),
        ("whitespace", SENTENCE, SENTENCE.split()),
        ({"type": "whitespace", "max_token_length": 3}, "abcde f", ["abc", "de", "f"]),
    ],
    ids=str,
)
def test_tokenizers(client: Elasticsearch, tokenizer: Any, text: str, expected: list[str]) -> None:
    """A tokenizer cuts a text as its reference page shows."""
    assert tokens(client, text, tokenizer=tokenizer) == expected


@pytest.mark.parametrize(
    ("char_filter", "text", "expected"),
    [
        ("html_strip", "<p>I&apos;m so <b>happy</b>!</p>", "\nI'm so happy!\n"),
        (
            {"type": "html_strip", "escaped_tags": ["b"]},
            "<p>I&apos;m so <b>happy</b>!</p>",
            "\nI'm so <b>happy</b>!\n",
        ),
        (
            {"type": "mapping", "mappings": ["٠ => 0", "١ => 1", "٢ => 2", "٥ => 5"]},
            "My license plate is ٢٥٠١٥",
            "My license plate is 25015",
        ),
        ({"type": "mapping", "mappings": [":) => _happy_", ":( => _sad_"]}, "so :(", "so _sad_"),
        ({"type": "mapping", "mappings": ["\\u2019 => '", "- => \\u0020", "¶ =>"]}, "it’s-so¶", "it's so"),
        (
            {"type": "pattern_replace", "pattern": "(\\d+)-(?=\\d)", "replacement": "$1_"},
            "My credit card is 123-456-789",
            "My credit card is 123_456_789",
        ),
        ({"type": "pattern_replace", "pattern": "X", "flags": "CASE_INSENSITIVE"}, "axbXc", "abc"),
    ],
    ids=str,
)
def test_character_filters(client: Elasticsearch, char_filter: Any, text: str, expected: str) -> None:
    """A character filter changes a text as its reference page shows."""
    assert tokens(client, text, tokenizer="keyword", char_filter=[char_filter]) == [expected]


POWER = "Neil's-Super-Duper-XL500--42+AutoCoder"
FOXES = "the foxes jumping quickly"


@pytest.mark.parametrize(
    ("tokenizer", "filters", "text", "expected"),
    [
        ("standard", ["apostrophe"], "Istanbul'a veya Istanbul'dan", ["Istanbul", "veya", "Istanbul"]),
        ("standard", ["asciifolding"], "açaí à la carte", ["acai", "a", "la", "carte"]),
        ("standard", [{"type": "asciifolding", "preserve_original": True}], "açaí la", ["acai", "açaí", "la"]),
        (
            "standard",
            ["cjk_bigram"],
            "東京都は、日本の首都であり",
            ["東京", "京都", "都は", "日本", "本の", "の首", "首都", "都で", "であ", "あり"],
        ),
        (
            "standard",
            [{"type": "cjk_bigram", "ignored_scripts": ["han", "hiragana", "hangul"], "output_unigrams": True}],
            "東京",
            ["東", "京"],
        ),
        ("standard", ["cjk_width"], "ｼｰｻｲﾄﾞﾗｲﾅｰ", ["シーサイドライナー"]),
        (
            "classic",
            ["classic"],
            "The 2 Q.U.I.C.K. Brown-Foxes jumped over the lazy dog's bone.",
            ["The", "2", "QUICK", "Brown", "Foxes", "jumped", "over", "the", "lazy", "dog", "bone"],
        ),
        ("whitespace", ["decimal_digit"], "१-one two-२ ३", ["1-one", "two-2", "3"]),
        (
            "standard",
            [{"type": "edge_ngram", "min_gram": 1, "max_gram": 2}],
            "the quick brown fox jumps",
            ["t", "th", "q", "qu", "b", "br", "f", "fo", "j", "ju"],
        ),
        ("standard", ["edge_ngram"], "the fox", ["t", "f"]),
        ("standard", [{"type": "edge_ngram", "side": "back"}], "fox", ["x", "ox"]),
        (
            "standard",
            [{"type": "edge_ngram", "max_gram": 1, "preserve_original": True}],
            "fox",
            ["f", "fox"],
        ),
        ("standard", ["elision"], "j’examine près du wharf", ["examine", "près", "du", "wharf"]),
        (
            "standard",
            [{"type": "elision", "articles_case": True, "articles": ["l", "m"]}],
            "L'avion m'attend d'abord",
            ["avion", "attend", "d'abord"],
        ),
        ("whitespace", ["fingerprint"], "zebra jumps over resting resting dog", ["dog jumps over resting zebra"]),
        ("whitespace", [{"type": "fingerprint", "max_output_size": 3, "separator": "+"}], "b a b", ["a+b"]),
        ("whitespace", [{"type": "fingerprint", "max_output_size": 3}], "bb aa", []),
        ("whitespace", [{"type": "keep", "keep_words": ["dog", "elephant", "fox"]}], "the fox the dog", ["fox", "dog"]),
        ("standard", [{"type": "keep_types", "types": ["<NUM>"]}], "1 quick fox 2 lazy dogs", ["1", "2"]),
        (
            "standard",
            [{"type": "keep_types", "types": ["<NUM>"], "mode": "exclude"}],
            "1 quick fox 2 lazy dogs",
            ["quick", "fox", "lazy", "dogs"],
        ),
        (
            "whitespace",
            [{"type": "keyword_marker", "keywords": ["jumping"]}, "stemmer"],
            "fox running and jumping",
            ["fox", "run", "and", "jumping"],
        ),
        (
            "whitespace",
            [{"type": "keyword_marker", "keywords_pattern": "JUMP.*"}, "stemmer"],
            "running JUMPING jumping",
            ["run", "JUMPING", "jump"],
        ),
        (
            "whitespace",
            ["keyword_repeat", "stemmer", "remove_duplicates"],
            "fox running and jumping",
            ["fox", "running", "run", "and", "jumping", "jump"],
        ),
        ("standard", ["kstem"], FOXES, ["the", "fox", "jump", "quick"]),
        (
            "whitespace",
            [{"type": "length", "min": 0, "max": 4}],
            "the quick brown fox jumps over the lazy dog",
            ["the", "fox", "over", "the", "lazy", "dog"],
        ),
        ("whitespace", ["length"], "a quick", ["a", "quick"]),
        (
            "standard",
            [{"type": "limit", "max_token_count": 2}],
            "quick fox jumps over lazy dog",
            ["quick", "fox"],
        ),
        ("standard", ["limit"], "quick fox", ["quick"]),
        ("standard", ["lowercase"], "THE Quick FoX JUMPs", ["the", "quick", "fox", "jumps"]),
        ("standard", [{"type": "lowercase", "language": "turkish"}], "IŞIK", ["ışık"]),
        (
            "standard",
            ["ngram"],
            "Quick fox",
            ["Q", "Qu", "u", "ui", "i", "ic", "c", "ck", "k", "f", "fo", "o", "ox", "x"],
        ),
        (
            "keyword",
            [{"type": "pattern_capture", "patterns": ["([^@]+)", "(\\p{L}+)", "(\\d+)", "@(.+)"]}],
            "john-smith_123@foo-bar.com",
            # Two of the patterns capture the domain; the page lists it once.
            [
                "john-smith_123@foo-bar.com",
                "john-smith_123",
                "john",
                "smith",
                "123",
                "foo-bar.com",
                "foo",
                "foo-bar.com",
                "bar",
                "com",
            ],
        ),
        (
            "keyword",
            [{"type": "pattern_capture", "preserve_original": False, "patterns": ["(https?://([a-zA-Z\\-_0-9.]+))"]}],
            "http://www.foo.com/index",
            ["http://www.foo.com", "www.foo.com"],
        ),
        (
            "whitespace",
            [{"type": "pattern_replace", "pattern": "(dog)", "replacement": "watch$1"}],
            "foxes jump lazy dogs",
            ["foxes", "jump", "lazy", "watchdogs"],
        ),
        ("whitespace", [{"type": "pattern_replace", "pattern": "o", "all": False}], "foo oo", ["fo", "o"]),
        ("standard", ["porter_stem"], FOXES, ["the", "fox", "jump", "quickli"]),
        ("standard", ["reverse"], "quick fox jumps", ["kciuq", "xof", "spmuj"]),
        ("standard", ["snowball"], "generously skies", ["generous", "sky"]),
        (
            "standard",
            [{"type": "snowball", "language": "French"}],
            "continuellement majestueux",
            ["continuel", "majestu"],
        ),
        ("standard", ["stemmer"], FOXES, ["the", "fox", "jump", "quickli"]),
        ("standard", [{"type": "stemmer", "language": "light_english"}], FOXES, ["the", "fox", "jump", "quick"]),
        ("standard", [{"type": "stemmer", "name": "porter2"}], "generously quickly", ["generous", "quick"]),
        ("standard", [{"type": "stemmer", "language": "minimal_english"}], "foxes jumping", ["foxe", "jumping"]),
        ("whitespace", [{"type": "stemmer", "language": "possessive_english"}], "dog's dogs’s", ["dog", "dogs"]),
        ("standard", [{"type": "stemmer", "language": "french"}], "continuellement", ["continuel"]),
        ("standard", [{"type": "stemmer", "language": "light_french"}], "chevaux", ["cheval"]),
        ("standard", [{"type": "stemmer", "language": "minimal_french"}], "chevaux baronnes", ["cheval", "baron"]),
        ("keyword", ["trim"], " fox ", ["fox"]),
        (
            "whitespace",
            ["truncate"],
            "the quinquennial extravaganza carried on",
            ["the", "quinquenni", "extravagan", "carried", "on"],
        ),
        ("whitespace", [{"type": "truncate", "length": 2}], "the fox", ["th", "fo"]),
        (
            "whitespace",
            ["unique"],
            "the quick fox jumps the lazy fox",
            ["the", "quick", "fox", "jumps", "lazy"],
        ),
        ("whitespace", [{"type": "unique", "only_on_same_position": True}], "the the", ["the", "the"]),
        (
            "whitespace",
            ["keyword_repeat", "stemmer", {"type": "unique", "only_on_same_position": True}],
            "fox fox running",
            ["fox", "fox", "running", "run"],
        ),
        ("standard", ["uppercase"], "the Quick FoX JUMPs", ["THE", "QUICK", "FOX", "JUMPS"]),
        ("keyword", ["word_delimiter"], POWER, ["Neil", "Super", "Duper", "XL", "500", "42", "Auto", "Coder"]),
        ("keyword", ["word_delimiter_graph"], POWER, ["Neil", "Super", "Duper", "XL", "500", "42", "Auto", "Coder"]),
        (
            "keyword",
            [{"type": "word_delimiter_graph", "catenate_all": True}],
            "wi-fi-232-enabled",
            ["wifi232enabled", "wi", "fi", "232", "enabled"],
        ),
        (
            "keyword",
            [{"type": "word_delimiter_graph", "type_table": ["- => ALPHA", "\\u002b => SUBWORD_DELIM"]}],
            "wi-fi+lan",
            ["wi-fi", "lan"],
        ),
        (
            "whitespace",
            [{"type": "word_delimiter_graph", "protected_words": ["wi-fi"], "split_on_case_change": False}],
            "wi-fi PowerShot-x",
            ["wi-fi", "PowerShot", "x"],
        ),
    ],
    ids=str,
)
def test_token_filters(
    client: Elasticsearch, tokenizer: str, filters: list[Any], text: str, expected: list[str]
) -> None:
    """A token filter gives the tokens that its reference page shows."""
    assert tokens(client, text, tokenizer=tokenizer, filter=filters) == expected


@pytest.mark.parametrize(
    ("definition", "text", "expected"),
    [
        (
            {"type": "fingerprint"},
            "Yes yes, Gödel said this sentence is consistent and.",
            ["and consistent godel is said sentence this yes"],
        ),
        (
            {"type": "fingerprint", "stopwords": "_english_"},
            "Yes yes, Gödel said this sentence is consistent and.",
            ["consistent godel said sentence yes"],
        ),
        (
            {"type": "pattern"},
            SENTENCE,
            ["the", "2", "quick", "brown", "foxes", "jumped", "over", "the", "lazy", "dog", "s", "bone"],
        ),
        (
            {"type": "pattern", "pattern": "\\W|_", "lowercase": True},
            "John_Smith@foo-bar.com",
            ["john", "smith", "foo", "bar", "com"],
        ),
        ({"type": "english"}, "The foxes' dens are the dog's", ["fox", "den", "dog"]),
        ({"type": "english", "stem_exclusion": ["foxes"]}, "foxes dens", ["foxes", "den"]),
        ({"type": "french"}, "L'avion des chevaux", ["avion", "cheval"]),
        ({"type": "french", "stopwords": ["avion"]}, "l'avion des chevaux", ["des", "cheval"]),
        ({"type": "stop", "stopwords": ["the", "over"]}, "The fox over", ["fox"]),
        ({"type": "simple"}, "The 2 dog's", ["the", "dog", "s"]),
        ({"type": "whitespace"}, "The 2", ["The", "2"]),
        ({"type": "keyword"}, "The 2", ["The 2"]),
    ],
    ids=str,
)
def test_analyzers(client: Elasticsearch, definition: dict[str, Any], text: str, expected: list[str]) -> None:
    """A configured analyzer of an index gives the tokens that its reference page shows."""
    index = f"plugin-{uuid.uuid4().hex}"
    client.indices.create(
        index=index, settings={"number_of_replicas": 0, "analysis": {"analyzer": {"mine": definition}}}
    )
    try:
        assert tokens(client, text, index=index, analyzer="mine") == expected
    finally:
        client.indices.delete(index=index)


def test_min_hash_fills_its_buckets(client: Elasticsearch) -> None:
    """By default min_hash gives 512 hashes for any text, alike for alike texts, and is not moved by their order."""
    default: list[Any] = [{"type": "shingle", "min_shingle_size": 5, "max_shingle_size": 5, "output_unigrams": False}]
    text = "one two three four five six seven eight nine ten eleven twelve"
    hashes = tokens(client, text, tokenizer="standard", filter=[*default, "min_hash"])
    assert len(hashes) == 512
    assert hashes == tokens(client, text, tokenizer="standard", filter=[*default, "min_hash"])
    small = {"type": "min_hash", "hash_count": 1, "bucket_count": 4, "hash_set_size": 2, "with_rotation": False}
    assert 1 <= len(tokens(client, text, tokenizer="standard", filter=[small])) <= 8


@pytest.mark.parametrize(
    ("normalizer", "value", "expected"),
    [
        ({"filter": ["lowercase", "asciifolding"]}, "ÉTÉ Bar", "ete bar"),
        ({"filter": ["uppercase", "trim"]}, " bar ", "BAR"),
        ({"char_filter": ["fold"], "filter": ["cjk_width", "decimal_digit"]}, "a-१ｼ", "a 1シ"),
    ],
    ids=str,
)
def test_normalizers_take_the_normalizing_components(
    client: Elasticsearch, normalizer: dict[str, Any], value: str, expected: str
) -> None:
    """Filters that change single characters serve in normalizers, there with one token for one."""
    index = f"plugin-{uuid.uuid4().hex}"
    analysis = {
        "char_filter": {"fold": {"type": "mapping", "mappings": ["- => \\u0020"]}},
        "normalizer": {"mine": {"type": "custom", **normalizer}},
    }
    client.indices.create(index=index, settings={"number_of_replicas": 0, "analysis": analysis})
    try:
        assert tokens(client, value, index=index, normalizer="mine") == [expected]
    finally:
        client.indices.delete(index=index)


def test_a_filter_that_is_not_normalizing_is_refused_in_a_normalizer(client: Elasticsearch) -> None:
    """A normalizer with a stemmer is refused, as on the official image."""
    analysis = {"normalizer": {"mine": {"type": "custom", "filter": ["stemmer"]}}}
    with pytest.raises(BadRequestError, match="stemmer"):
        client.indices.create(index=f"plugin-{uuid.uuid4().hex}", settings={"analysis": analysis})


@pytest.mark.parametrize(
    ("part", "definition", "named"),
    [
        ("tokenizer", {"type": "pattern", "patern": ","}, "patern"),
        ("tokenizer", {"type": "whitespace", "max_length": 3}, "max_length"),
        ("tokenizer", {"type": "char_group", "tokenize_on_chars": ["cjk"]}, "cjk"),
        ("tokenizer", {"type": "char_group", "tokenize_on_chars": ["😀"]}, "tokenize_on_chars"),
        ("tokenizer", {"type": "keyword", "buffer_size": 0}, "buffer_size"),
        ("tokenizer", {"type": "ngram", "min_gram": 1, "max_gram": 9}, "max_ngram_diff"),
        ("char_filter", {"type": "mapping", "mappings_path": "a.txt", "mappings": ["a => b"]}, "mappings_path"),
        ("char_filter", {"type": "mapping", "mappings": ["a"]}, "key => value"),
        ("char_filter", {"type": "pattern_replace", "replacement": "x"}, "pattern"),
        ("filter", {"type": "fingerprint", "max_size": 9}, "max_size"),
        ("filter", {"type": "fingerprint", "separator": "ab"}, "separator"),
        ("filter", {"type": "length", "min": "two"}, "min"),
        ("filter", {"type": "elision", "articles_path": "a.txt", "articles": ["l"]}, "articles_path"),
        ("filter", {"type": "stemmer", "language": "klingon"}, "klingon"),
        ("filter", {"type": "snowball", "language": "Klingon"}, "Klingon"),
        ("filter", {"type": "truncate"}, "length"),
        ("filter", {"type": "keyword_marker", "keywords": ["a"], "keywords_pattern": "a"}, "keywords_pattern"),
        ("filter", {"type": "min_hash", "buckets": 4}, "buckets"),
        ("filter", {"type": "word_delimiter_graph", "type_table": ["- => LETTER"]}, "LETTER"),
        ("filter", {"type": "lowercase", "language": "french"}, "french"),
    ],
    ids=str,
)
def test_what_is_not_supported_is_refused_by_name(
    client: Elasticsearch, part: str, definition: dict[str, Any], named: str
) -> None:
    """An option or value that the plugin does not support fails with an error that names it."""
    chain: dict[str, Any] = {"tokenizer": "standard", "text": "a text"}
    chain[part] = definition if part == "tokenizer" else [definition]
    with pytest.raises(ApiError) as refusal:
        client.indices.analyze(**chain)
    assert named in str(refusal.value.body)


def test_an_index_with_an_unsupported_option_is_not_created(client: Elasticsearch) -> None:
    """Index creation fails on an unsupported option too, naming the component and the option."""
    bad = {"filter": {"mine": {"type": "length", "minimum": 3}}}
    with pytest.raises(BadRequestError, match=r"\[mine\].*minimum"):
        client.indices.create(index=f"plugin-{uuid.uuid4().hex}", settings={"analysis": bad})


@pytest.mark.parametrize(
    "text", ["😀 it’s <b>MARKED</b> 𝒳y", "", "1", "a" * 600 + " b", "𐐀𐐁 ÀÉ\ud7ff", "x" * 254 + "𝒳𝒳"]
)
def test_the_lowercase_tokenizer_is_the_letter_tokenizer_in_lower_case(client: Elasticsearch, text: str) -> None:
    """Our own tokenizer gives the tokens, offsets and positions that Lucene's letter tokenizer and filter give."""
    changes: list[Any] = ["html_strip", {"type": "mapping", "mappings": ["it’s => it is"]}]
    ours = client.indices.analyze(text=text, tokenizer="lowercase", char_filter=changes)
    lucenes = client.indices.analyze(text=text, tokenizer="letter", filter=["lowercase"], char_filter=changes)
    assert ours["tokens"] == lucenes["tokens"]


def test_a_fingerprint_of_fifty_thousand_words_is_whole(client: Elasticsearch) -> None:
    """A long article's condensate is one token with all its words when its size is allowed."""
    words = sorted(f"word{number:05d}" for number in range(50_000))
    index = f"plugin-{uuid.uuid4().hex}"
    client.indices.create(
        index=index,
        settings={
            "number_of_replicas": 0,
            "index.analyze.max_token_count": 100_000,
            "analysis": {
                "filter": {"all": {"type": "fingerprint", "max_output_size": 1_000_000}},
                "analyzer": {"mine": {"type": "custom", "tokenizer": "whitespace", "filter": ["all"]}},
            },
        },
    )
    try:
        assert tokens(client, " ".join(reversed(words)), index=index, analyzer="mine") == [" ".join(words)]
    finally:
        client.indices.delete(index=index)


def test_api_keys_work(client: Elasticsearch, engine: Running) -> None:
    """Elasticsearch's own index of users, which needs the plugin's components, takes API keys with narrow rights."""
    key = client.security.create_api_key(
        name=f"reader-{uuid.uuid4().hex}",
        role_descriptors={"reader": {"indices": [{"names": ["plugin-*"], "privileges": ["read"]}]}},
    )
    with Elasticsearch(engine.url, api_key=key["encoded"]) as reader:
        assert reader.security.authenticate()["authentication_type"] == "api_key"
        refused = reader.options(ignore_status=403).indices.create(index="plugin-forbidden")
        assert refused["status"] == 403
    client.security.invalidate_api_key(ids=[key["id"]])
