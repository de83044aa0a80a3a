"""Cleaning: what goes, what stays, and that every other byte is as it was written."""

import pytest

from linkkeeper.urls import rules
from linkkeeper.urls.clean import Cleaner


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(rules.load())


ARTICLE = "https://mp.weixin.qq.com/s?__biz=MzA5OTAyNzQ2OA==&mid=2649690569&idx=1&sn=7e806888a44ffedd45af3a1126df9886"


def test_a_wechat_article_keeps_what_names_it_and_nothing_else(cleaner: Cleaner) -> None:
    cleaned = cleaner.clean(
        ARTICLE + "&scene=1&srcid=0708osG&key=77421cf58af4a653&ascene=0&uin=MTM4MDQ%3D%3D"
        "&devicetype=iMac+OSX+10.11.3+build(15D21)&version=11020201&pass_ticket=lQLVyiXy0e%2FUpt"
    )
    assert cleaned.url == ARTICLE
    assert cleaned.credentials_removed
    assert cleaned.without_credentials == (
        ARTICLE + "&scene=1&srcid=0708osG&ascene=0&devicetype=iMac+OSX+10.11.3+build(15D21)&version=11020201"
    )
