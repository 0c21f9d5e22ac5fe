"""Which entries tell one story: never two stories in one post, and the seeds' doubles found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from archiver.identify import Siblings, same_post, story

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
STORY = (
    "This summer the youth organisation Novi Ritm held two camps on human rights in Osh, which some "
    "sixty young people from villages in the south of Kyrgyzstan attended. For ten days they learned "
    "about gender equality and conflict, planned actions of their own, and met lawyers who take such "
    "cases to court. Several of them had never left their district before. The camps are part of a "
    "common project that runs until next year and shall reach four hundred."
)


@pytest.fixture(scope="session")
def link(document, archived):
    """Archive `others` (each a feed of its own unless `feed_id` is given), then link the entry of feed 99."""

    def build(entry, *others, feed_id=None):
        (new,) = document(entry)
        candidates = [
            candidate
            for number, other in enumerate(others, 1)
            for candidate in archived(*document(other), feed_id=feed_id or number, first=number)
        ]
        return same_post(new, 99, candidates, Siblings())

    return build


def excerpt(text, words=40, mark=" […]"):
    return " ".join(text.split()[:words]) + mark


class TestSeeds:
    def test_three_listings_with_32_entries_tell_25_stories(self, linked, listings):
        found = linked(*listings.values())
        assert [len(entries) for entries in listings.values()] == [10, 10, 12]
        assert len({post for post, _ in found}) == 25

    def test_the_order_of_their_coming_makes_no_difference(self, linked, listings):
        assert len({post for post, _ in linked(*reversed(listings.values()))}) == 25

    def test_the_stories_told_more_than_once_are_these(self, linked, listings):
        found = linked(*listings.values())
        entries = [entry for listing in listings.values() for entry in listing]
        by_post = {}
        for (post, _), entry in zip(found, entries, strict=True):
            by_post.setdefault(post, set()).add(entry.identity.title_key.split()[0])
        counts = [post for post, _ in found]
        assert {next(iter(by_post[post])) for post in counts if counts.count(post) > 1} == {
            "flashback",
            "central",
            "lgbt",
            "encouraging",
            "fem",
            "coming",
        }
        assert all(len(names) == 1 for names in by_post.values())


class TestOneStory:
    def test_nobody_told_it_before(self, link):
        found = link({"title": "Camps", "text": STORY})
        assert (found.rule, found.confidence, found.post_id, found.same_as) == ("first", 1.0, None, None)

    @pytest.mark.parametrize("mark", [" […]", "...", "…", " Читать далее"])
    def test_an_excerpt_and_the_whole_under_one_title(self, link, mark):
        found = link(
            {"title": "[English] Camps on human rights", "text": excerpt(STORY, 45, mark)},
            {"title": "Camps on Human Rights", "text": STORY},
        )
        assert (found.rule, found.post_id) == ("title", 1)

    def test_a_site_and_its_category_feed_with_one_url(self, link):
        found = link(
            {"url": "http://x.kz/camps/", "title": "Camps: sixty came", "text": STORY},
            {
                "url": "https://www.x.kz/camps?utm_source=rss",
                "title": "Sixty young people at camps",
                "text": STORY,
            },
        )
        assert (found.rule, found.post_id) == ("url", 1)

    def test_a_summary_in_other_words_under_the_same_url_and_title(self, link):
        url = {"url": "https://x.kz/camps", "title": "Camps on human rights", "published_at": MONDAY}
        found = link(
            url | {"text": STORY}, url | {"text": "We report from the camps that our partner held this year."}
        )
        assert found.rule == "url"

    def test_a_title_alone_under_the_same_url(self, link):
        url = {"url": "https://x.kz/camps", "title": "Camps"}
        assert link(url, url | {"text": STORY}).rule == "url"

    def test_a_title_with_the_name_of_the_site(self, link):
        found = link(
            {"title": "Camps on human rights | Central Asia Groups", "text": STORY},
            {"title": "Camps on human rights", "text": STORY},
        )
        assert found.rule == "text"

    def test_a_copy_without_a_title(self, link):
        assert link({"text": excerpt(STORY, 50)}, {"title": "Camps", "text": STORY}).rule == "text"

    def test_a_whole_text_word_for_word_under_another_headline(self, link):
        whole = f"{STORY} {STORY.upper()} Afterwards they went home, and {STORY}"
        told = {"text": whole, "published_at": MONDAY}
        found = link(told | {"title": "Sixty met in Osh"}, told | {"title": "Youth learns equality"})
        assert found.rule == "text"

    def test_the_surest_candidate_wins_then_the_oldest_post(self, link):
        told = {"title": "Camps on human rights", "text": STORY}
        poorer = told | {"text": STORY.replace(". Several", ".\nThe camp in Osh, seen from above.\nSeveral")}
        assert link(told, poorer).confidence < link(told, told).confidence
        assert link(told, poorer, told, told).post_id == 2

    def test_a_sibling_under_the_same_url_and_title(self, document):
        one, two = document(
            {"guid": "1", "url": "https://x.kz/1", "title": "A", "text": STORY},
            {"guid": "2", "url": "https://x.kz/1", "title": "A", "text": STORY},
        )
        found = same_post(two, 99, (), Siblings((one,)))
        assert (found.rule, found.post_id, found.same_as) == ("url", None, 0)


def advert(place):
    return (
        f"We seek a coordinator for our office in {place}, who will plan and lead trainings, keep contact "
        "with partners and authorities, write reports to donors and look after volunteers. You have led "
        "projects before, speak Russian and English well, and like to travel. Send your letter and "
        f"curriculum to our office in {place} before the summer. We are an organisation of volunteers and "
        "work for human rights, gender equality and culture all over the region."
    )


def weather(day, night, wind):
    return (
        f"No rain is expected in the city today. By night {night} degrees, by day {day} degrees, and in "
        f"the foothills two degrees less. Wind from the north-east with {wind} metres a second. The air is "
        "clean and the water is cold. Drivers are asked to take care on the passes, where there may be "
        "fog in the morning hours."
    )


INTRODUCTION = (
    "In our series Voices of Osh we talk to people who shape the city: teachers, cooks, drivers, "
    "poets and activists. Each of them tells us how they came here, what they do all day, and what "
    "they hope the city will be in ten years. We met them at home, at work and in the park, and wrote "
    "down what they said without changing a word of it at all."
)
FOOTER = (
    " You receive this letter because you are a member of our groups. If you would rather not have it, "
    "write to us and we will take you off the list. Our groups work for human rights, gender equality "
    "and the environment in all of the region, since the year of their founding, with volunteers in "
    "many towns. Give what you can, tell your friends, follow us, and come to our next meeting, where "
    "there will be tea and bread for all who come, whether members or not."
)
QUOTE = (
    "“We are deeply worried by this and ask all sides to talk to each other, to let observers in, and "
    "to free those who were only reporting,” said the spokeswoman of the organisation in the capital."
)


class TestTwoStories:
    """Each pair was made of one mould; as feeds of two publishers no rule may join them."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            pytest.param(
                {"title": "Central Asia Days 2017", "text": STORY},
                {"title": "Central Asia Days 2018", "text": STORY},
                id="another year in the title",
            ),
            pytest.param(
                {"title": "Coordinator in Osh", "text": advert("Osh")},
                {"title": "Coordinator in Bishkek", "text": advert("Bishkek")},
                id="adverts for two places",
            ),
            pytest.param(
                {"title": "We are looking for a coordinator", "text": advert("Osh")},
                {"title": "We are looking for a coordinator", "text": advert("Bishkek")},
                id="adverts for two places under one title",
            ),
            pytest.param(
                {"title": "Weather in Almaty", "text": weather(12, 3, 2), "published_at": MONDAY},
                {
                    "title": "Weather in Almaty",
                    "text": weather(14, 5, 4),
                    "published_at": MONDAY + timedelta(days=1),
                },
                id="weather of two days",
            ),
            pytest.param(
                {"title": "Weather in Almaty today", "text": weather(12, 3, 2)},
                {"title": "Weather in Almaty today", "text": weather(12, 3, 5)},
                id="weather without dates, one number apart",
            ),
            pytest.param(
                {"title": "Voices of Osh: Aizada", "text": excerpt(INTRODUCTION, 55)},
                {"title": "Voices of Osh: Nurlan", "text": excerpt(INTRODUCTION, 55)},
                id="standing introduction",
            ),
            pytest.param(
                {"title": "Voices of Osh: Aizada", "text": INTRODUCTION + " " + STORY},
                {"title": "Voices of Osh: Nurlan", "text": excerpt(INTRODUCTION, 55)},
                id="standing introduction, once whole",
            ),
            pytest.param(
                {
                    "title": "Our newsletter",
                    "text": "In March we planted trees along the river and met the mayor." + FOOTER,
                },
                {
                    "title": "Our newsletter",
                    "text": "In April there was the climate school with guests from afar." + FOOTER,
                },
                id="newsletters with a long footer",
            ),
            pytest.param(
                {"title": "Journalist detained in Dushanbe", "text": "A journalist was detained. " + QUOTE},
                {"title": "Lawyer sentenced in Dushanbe", "text": "A lawyer was sentenced. " + QUOTE},
                id="one quote in two reports",
            ),
            pytest.param(
                {"title": "Permaculture in villages – part 1", "text": STORY},
                {"title": "Permaculture in villages – part 2", "text": STORY},
                id="two parts",
            ),
            pytest.param(
                {"title": "Our journey to Osh, part one", "text": excerpt(STORY, 50)},
                {"title": "Our journey to Osh", "text": STORY},
                id="a part and the whole",
            ),
            pytest.param(
                {"title": "Vår resa Del II", "text": STORY},
                {"title": "Vår resa Del III", "text": STORY},
                id="roman parts",
            ),
            pytest.param(
                {"title": "Horseback riding in Kyrgyzstan"},
                {"title": "Horseback riding in Kyrgyzstan"},
                id="no texts",
            ),
            pytest.param(
                {"title": "***", "text": "Read it"}, {"title": "!!!", "text": "Read it"}, id="signs"
            ),
            pytest.param(
                {"title": "News", "text": "Read"}, {"title": "News", "text": "Read"}, id="few words"
            ),
            pytest.param(
                {"url": "https://x.kz/", "title": "News of the day", "text": "They met."},
                {"url": "https://x.kz/", "title": "News of the day", "text": "They left."},
                id="a link to the whole site",
            ),
            pytest.param(
                {
                    "title": "What we did",
                    "text": "we planted trees along the river and met the mayor." + FOOTER,
                },
                {
                    "title": "What we did",
                    "text": "there was the climate school with guests from afar." + FOOTER,
                },
                id="a letter without names and with a long footer",
            ),
            pytest.param(
                {
                    "title": "Vacancies",
                    "text": FOOTER + " we seek a cook for our kitchen and two more hands.",
                },
                {
                    "title": "Vacancies",
                    "text": FOOTER + " a teacher is wanted who loves to sing with children.",
                },
                id="a title that says nothing",
            ),
            pytest.param(
                {"url": "https://x.kz/post#comment-5", "title": "By: Anna", "text": "Thank you for this!"},
                {
                    "url": "https://x.kz/post#comment-6",
                    "title": "By: Anna",
                    "text": "And when is the next one?",
                },
                id="comments of one reader",
            ),
            pytest.param(
                {
                    "url": "https://x.kz/post#comment-5",
                    "title": "Anna on Camps",
                    "text": "Lovely camp this was",
                },
                {"url": "https://x.kz/post", "title": "Camps", "text": STORY},
                id="a comment and its post",
            ),
            pytest.param(
                {
                    "url": "https://show.kz/daily",
                    "title": "The Daily Brief",
                    "text": STORY,
                    "published_at": MONDAY,
                },
                {
                    "url": "https://show.kz/daily",
                    "title": "The Daily Brief",
                    "text": FOOTER,
                    "published_at": MONDAY + timedelta(days=1),
                },
                id="a show's page, one title for all",
            ),
        ],
    )
    def test_of_one_mould_are_two_posts(self, link, one, other):
        assert link(one, other).rule == link(other, one).rule == "first"

    def test_two_entries_of_one_feed_are_two_posts_whatever_they_share(self, link):
        told = {"guid": "1", "url": "https://x.kz/1", "title": "Camps on human rights", "text": STORY}
        again = told | {"guid": "2", "url": "https://x.kz/2"}
        assert link(told, again, feed_id=99).rule == "first"

    def test_one_url_and_two_titles_in_one_feed_are_two_posts(self, link):
        told = {"guid": "1", "url": "https://show.kz/listen", "title": "With Anna", "text": FOOTER}
        assert link(told | {"guid": "2", "title": "With Bek"}, told, feed_id=99).rule == "first"

    def test_one_page_told_differently_within_the_hour_in_one_feed_is_two_posts(self, link):
        told = {
            "guid": "1",
            "url": "https://x.kz/live",
            "title": "What we know so far",
            "published_at": MONDAY,
        }
        later = told | {"guid": "2", "published_at": MONDAY + timedelta(hours=1)}
        start = excerpt(FOOTER, 30, "")
        early = told | {"text": f"{start} they hold talks and wait for news from the capital"}
        late = later | {"text": f"{start} all went home and the talks which failed are over for good"}
        assert link(late, early, feed_id=99).rule == "first"

    def test_an_url_that_a_feed_uses_for_many_joins_none(self, link):
        page = {"url": "https://show.kz/listen", "text": FOOTER}
        archive = [page | {"title": f"With {name}"} for name in ("Anna", "Bek")]
        assert link(page | {"title": "With Chyngyz"}, *archive, feed_id=1).rule == "first"

    def test_of_a_series_that_reads_alike_only_the_same_date_joins(self, link):
        def update(day):
            return {
                "title": "Status of the service",
                "text": FOOTER,
                "published_at": MONDAY + timedelta(days=day),
            }

        assert link(update(1), update(0), update(1), feed_id=1).post_id == 2
        assert link(update(2), update(0), update(1), feed_id=1).rule == "first"

    def test_an_excerpt_of_two_texts_that_begin_alike_joins_them_not(self, document, archived):
        told = {"title": "From our garden in Osh", "text": f"{STORY} And then we planted trees."}
        short = archived(*document(told | {"text": excerpt(STORY, 50)}), feed_id=2)
        (one,), (other,) = document(told), document(told | {"text": f"{STORY} And then it rained."})
        assert same_post(one, 1, short, Siblings()).post_id == 1
        assert same_post(other, 3, short, Siblings()).post_id == 1
        whole = replace(archived(one, feed_id=4, first=2)[0], post_id=1)
        assert same_post(other, 3, (*short, whole), Siblings()).rule == "first"

    def test_a_title_that_returns_in_its_own_feed_joins_only_what_bears_the_same_time(
        self, document, archived
    ):
        def part(number, at=MONDAY, **fields):
            told = {"title": "From our garden in Osh", "text": STORY, "published_at": at}
            return told | {"guid": str(number), "url": f"https://x.kz/{number}"} | fields

        first, second = document(part(1), part(2, MONDAY + timedelta(hours=3), text=FOOTER))
        elsewhere = part(9, MONDAY + timedelta(hours=4), url="https://y.kz/9", text=FOOTER)
        there = archived(*document(elsewhere), feed_id=7)
        assert same_post(second, 99, there, Siblings()).rule == "title"
        assert same_post(second, 99, there, Siblings((first,))).rule == "first"
        assert (
            same_post(second, 99, (*there, *archived(first, feed_id=99, first=5)), Siblings()).rule == "first"
        )


def test_texts_of_any_length_are_compared_in_a_moment(link, words):
    text = words(200_000)
    begun = perf_counter()
    assert link(
        {"title": "A long report on all", "text": text}, {"title": "A long report on all", "text": text}
    ).post_id
    assert perf_counter() - begun < 10


def test_thousands_of_siblings_that_share_all_cost_little(document):
    told = {"url": "https://x.kz/1", "title": "By: A", "text": STORY}
    entries = document(*(told | {"guid": str(n)} for n in range(3000)))
    begun = perf_counter()
    same_post(entries[-1], 1, (), Siblings(entries[:-1]))
    assert perf_counter() - begun < 0.1


def test_a_story_that_many_tell_is_compared_with_each_of_them_twice_at_most(document, archived, monkeypatch):
    compared: list[str] = []
    is_copy = story.is_copy
    monkeypatch.setattr(story, "is_copy", lambda *texts: compared.append("") or is_copy(*texts))
    told = {"title": "Camps on human rights in the south", "text": STORY, "published_at": MONDAY}
    entries = [*document(*(told | {"url": f"https://site{n}.example/{n}"} for n in range(17)))]
    candidates = [
        replace(archived(entry, feed_id=number, first=number)[0], post_id=1)
        for number, entry in enumerate(entries[1:], 1)
    ]
    assert same_post(entries[0], 99, candidates, Siblings()).post_id == 1
    assert 16 <= len(compared) <= 32
