import pytest

from linkkeeper.extract import feeds
from linkkeeper.extract.base import ExtractOptions, Found


def _found(text: str) -> list[Found]:
    return list(feeds.links(text.encode(), ExtractOptions()))


def _written(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(data[link.start : link.end].decode(), link.url) for link in feeds.links(data, ExtractOptions())]


@pytest.mark.parametrize(
    ("text", "written", "url"),
    [
        ("<rss><channel><link> http://a/?b&amp;c\n</link>", "http://a/?b&amp;c", "http://a/?b&c"),
        ("<rss><link><![CDATA[http://a/?b&c]]></link>", "http://a/?b&c", "http://a/?b&c"),
        ("<rss><guid>http://a</guid>", "http://a", "http://a"),
        ("<rss><enclosure url='http://a'/>", "http://a", "http://a"),
        ("<rss><image><url>http://a</url></image>", "http://a", "http://a"),
        ('<rss><media:content url="http://a"/>', "http://a", "http://a"),
        ('<rss><atom:link rel="self" href="http://a"/>', "http://a", "http://a"),
        ("<rss><description>&lt;a href=&quot;http://a?b&amp;amp;c&quot;&gt;</description>",
         "http://a?b&amp;amp;c", "http://a?b&c"),
        ("<rss><content:encoded><![CDATA[<img src='http://a'>]]></content:encoded>", "http://a", "http://a"),
        ('<feed><link href="http://a"/></feed>', "http://a", "http://a"),
        ('<feed><content type="xhtml"><div><a href="http://a"/></div></content></feed>', "http://a", "http://a"),
        ('<feed><content type="html">&lt;a href="http://a"&gt;</content></feed>', "http://a", "http://a"),
        ("<urlset><url><loc>http://a/路</loc></url></urlset>", "http://a/路", "http://a/路"),
        ("<sitemapindex><sitemap><loc>http://a</loc>", "http://a", "http://a"),
        ('<opml><outline xmlUrl="http://a"/></opml>', "http://a", "http://a"),
        ('<?xml-stylesheet href="s.xsl"?><rss/>', "s.xsl", "s.xsl"),
    ],
)  # fmt: skip
def test_each_place_a_url_can_stand(text: str, written: str, url: str) -> None:
    assert _written(text) == [(written, url)]


@pytest.mark.parametrize(
    "text",
    [
        '<rss><guid isPermaLink="false">http://no</guid>', "<rss><guid>tag:no</guid>", "<feed><id>http://no</id>",
        "<project><url>http://no</url></project>", "<rss><!-- <link>http://no</link> -->", "<rss xmlns='http://no'>",
        "<rss><title>http://no</title>",
    ],
)  # fmt: skip
def test_what_is_no_link(text: str) -> None:
    assert _found(text) == []


def test_two_cdata_sections_are_not_rewritten_across() -> None:
    found = _found("<rss><link><![CDATA[http://a]]><![CDATA[/b]]></link>")
    assert [(link.url, bool(link.unwritable)) for link in found] == [("http://a/b", True)]
