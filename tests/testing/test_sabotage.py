"""Each broken component is caught by the one check meant for it; good ones pass all."""

import inspect
import sys
from functools import cache
from pathlib import Path

import pytest

from sondage.errors import ParameterError
from sondage.specs import SPECS
from sondage.testing import checks_of, run_checks
from sondage.testing.check import CHECKS
from sondage.testing.checks import every

FOLDER = Path(__file__).parent / "sabotage"
SEEDS = [{"seed": 1}, {"seed": 2}]

GOOD = {
    "encoder": [
        "sondage.testing.toys:ToyEncoder",
        "good_ones:AttentiveEncoder",
        "sondage.testing.passable:ToyPassable",
        "sondage.testing.open_toy:ToyOpen",
        "good_ones:OwnViews",
        "good_ones:OpenEncoder",
        "good_ones:TrainedSeries",
        "of_fields:OwnConstructor",
    ],
    "task": [
        "sondage.testing.toys:ToyTask",
        "good_ones:FixedTask",
        "good_ones:SentenceTask",
        "good_ones:LineTask",
        "good_ones:StimuliTask",
        "good_ones:TreeTask",
        "good_ones:RankingTask",
        "good_ones:RankedOnly",
        "good_ones:ShownTask",
        "good_ones:AnswerTask",
    ],
    "probe": [
        "good_ones:NearestMean",
        "good_ones:Looped",
        "good_ones:SeededProbe",
        "good_ones:SeveralLabels",
        "good_ones:SpanProbe",
        "good_ones:MixedProbe",
        "good_ones:TreeProbe",
        "good_ones:RankProbe",
        "good_ones:Entropy",
        "good_ones:EntropyClassifier",
        "good_ones:AttentionTrees",
        "good_ones:OneColumn",
        "good_ones:SentenceRows",
        "good_ones:OwnRows",
        "broken_probes:NoOutcomes",
        "passing_probes:StatesCosine",
        "passing_probes:MapsSum",
        "passing_probes:AsksForParameters",
        "asking_probes:HiddenNats",
        "asking_probes:EndScore",
        "asking_probes:LayerSpread",
        "asking_probes:AsksInVain",
        "of_fields:Fields",
    ],
    "metric": [
        "good_ones:MeanCosine",
        "good_ones:ShuffledCosine",
        "good_ones:MeanAttentionGap",
        "good_ones:LabelledGap",
        "of_fields:Frozen",
    ],
    "report": ["good_ones:Curve", "good_ones:TableOfArrays", "good_ones:NothingForMe"],
    "tracker": ["good_ones:Remembers", "good_ones:Away"],
}

BROKEN = {
    "encoder": {
        "check_constructor_is_keyword_only": [
            "broken_any:Positional",
            "broken_any:CatchesAll",
            "of_fields:PositionalFields",
        ],
        "check_constructor_is_typed": ["broken_any:Untyped"],
        "check_parameters_are_json": ["broken_any:NotJson"],
        "check_parameters_are_stored_unchanged": [
            "broken_any:NotStored",
            "broken_any:StoredOtherwise",
            "broken_any:StoresACopy",
            "of_fields:ConvertedField",
            "of_fields:NotKept",
        ],
        "check_pickles": ["broken_any:HoldsALambda"],
        "check_import_pulls_in_no_torch": ["broken_import:HeavyToImport"],
        "check_making_pulls_in_no_torch": ["broken_any:HeavyToMake"],
        "check_fingerprint_is_stable": [
            "broken_encoders:NewFingerprint",
            "broken_encoders:FingerprintOfUse",
            "broken_encoders:FingerprintOfTraining",
        ],
        "check_fingerprint_follows_parameters": ["broken_encoders:DeafFingerprint"],
        "check_each_sentence_comes_once": ["broken_encoders:Repeats", "broken_encoders:Forgets"],
        "check_rows_have_the_width_and_layers": [
            "broken_encoders:TooWide",
            "broken_encoders:ExtraLayer",
        ],
        "check_one_row_a_word_or_sentence": ["broken_encoders:DropsWords"],
        "check_row_counts_agree": [
            "broken_encoders:Miscounts",
            "broken_encoders:MiscountsItsOwn",
        ],
        "check_rows_are_finite": ["broken_encoders:NotANumber"],
        "check_lost_words_are_counted": ["broken_encoders:SilentZeros"],
        "check_neighbours_change_nothing": [
            "broken_encoders:FeelsPadding",
            "broken_encoders:FeelsOrder",
        ],
        "check_equal_sentences_encode_equal": ["broken_encoders:ShortChangesCopies"],
        "check_only_what_is_asked_comes": ["broken_encoders:Generous"],
        "check_layers_come_as_asked": ["broken_encoders:SortsLayers"],
        "check_encoding_twice_is_bit_identical": [
            "broken_encoders:Dropout",
            "broken_encoders:TrainsByTheClock",
        ],
        "check_prints_nothing": ["broken_encoders:TrainsAloud"],
        "check_layers_come_in_passing_as_encoded": ["broken_encoders:PassesOtherLayers"],
        "check_steps_are_encoders_of_their_own": [
            "broken_encoders:OneForAll",
            "broken_encoders:Descends",
        ],
        "check_notes_are_texts": ["broken_encoders:NotesInOneText"],
        "check_a_shown_model_is_at_rest": [
            "broken_encoders:ShowsAnother",
            "broken_encoders:ShowsItInTraining",
            "broken_encoders:MovedByShowing",
        ],
        "check_what_was_let_go_comes_back": ["broken_encoders:ReleasesMore"],
        "check_a_shown_model_learns_nothing": ["open_encoders:ShowsItLearning"],
        "check_mask_and_subwords_are_of_the_vocabulary": [
            "open_encoders:MaskBelowAll",
            "open_encoders:MaskInText",
        ],
        "check_each_target_has_its_nats": [
            "open_encoders:MindsRepetition",
            "open_encoders:SinglePrecision",
        ],
        "check_probabilities_sum_to_one": ["open_encoders:Bits"],
        "check_nats_follow_what_is_read": ["open_encoders:ReadsOneSubword"],
        "check_nothing_but_ids_is_read": [
            "open_encoders:ReadsTheBatch",
            "open_encoders:ReadsPadding",
        ],
        "check_rows_are_predicted_alone": ["open_encoders:FeelsCompany"],
        "check_predicting_twice_is_bit_identical": ["open_encoders:DropsOut"],
        "check_word_numbers_tell_words": ["open_encoders:CountsWordsFromOne"],
        "check_the_end_task_has_scores_and_outcomes": [
            "open_encoders:ScoresWithoutLoss",
            "open_encoders:OutcomesOfOthers",
        ],
        "check_the_end_task_is_of_each_item_alone": [
            "open_encoders:HeadThatFeelsCompany",
            "open_encoders:HeadThatDropsOut",
        ],
        "check_the_end_task_refuses_what_is_not_its_own": [
            "open_encoders:TakesAnyLabels",
            "open_encoders:ScoresNothing",
        ],
    },
    "task": {
        "check_global_random_state_is_untouched": [
            "broken_any:UsesRandom",
            "broken_any:SeedsNumpy",
            "broken_any:SeedsTorch",
        ],
        "check_prints_nothing": ["broken_any:Prints", "broken_any:PrintsErrors"],
        "check_randomness_is_a_tuple_of_words": ["broken_any:RandomnessInOneText"],
        "check_fingerprint_is_stable": ["broken_tasks:FingerprintOfUse"],
        "check_fingerprint_follows_parameters": ["broken_tasks:DeafFingerprint"],
        "check_one_corpus_fingerprint_is_one_corpus": ["broken_tasks:DeafCorpusFingerprint"],
        "check_loading_twice_agrees": ["broken_tasks:Unsteady"],
        "check_units_are_as_declared": ["broken_tasks:SaysSentences"],
        "check_labels_are_declared": ["broken_tasks:OneLabelTooFar", "broken_tasks:FloatLabels"],
        "check_items_lie_in_the_corpus": [
            "broken_tasks:SpanTooLong",
            "broken_tasks:EmptySpan",
            "broken_tasks:SentenceTooFar",
        ],
        "check_answers_lie_in_their_contexts": [
            "broken_tasks:AnswerTooFar",
            "broken_tasks:EmptyAnswer",
        ],
        "check_trees_are_trees": ["broken_tasks:Cyclic", "broken_tasks:TwoRoots"],
        "check_split_parts_are_disjoint": ["broken_tasks:Overlapping"],
        "check_split_parts_are_in_range": ["broken_tasks:OneTooFar", "broken_tasks:Descending"],
        "check_train_and_test_are_not_empty": ["broken_tasks:NoTest", "broken_tasks:NoTrain"],
        "check_split_is_reproducible": ["broken_tasks:WanderingSplit"],
        "check_seed_draws_the_split_if_declared": [
            "broken_tasks:SaysThatSeedsDraw",
            "broken_tasks:SaysThatNoSeedDraws",
        ],
        "check_equal_sentences_share_a_part": ["broken_tasks:TearsSentences"],
        "check_files_are_named_one_way": ["broken_files:TakesBoth", "broken_files:NamesNoTask"],
        "check_a_file_is_in_one_part": ["broken_files:ReadsTwice"],
        "check_missing_files_name_the_nearest": ["broken_files:NamesNoOther"],
        "check_fingerprints_are_of_bytes": [
            "broken_files:FingerprintOfNames",
            "broken_files:FingerprintOfTexts",
        ],
        "check_fingerprints_follow_the_split": [
            "broken_files:BlindToTheSplit",
            "broken_files:FingerprintOfTheShareAlways",
        ],
        "check_given_parts_are_the_split": [
            "broken_files:Shuffles",
            "broken_files:CountsNoRepetition",
        ],
        "check_dev_is_drawn_from_train": [
            "broken_files:DrawsAlways",
            "broken_files:DrawsNever",
            "broken_files:TakesFromTest",
        ],
        "check_files_may_be_packed_or_a_pattern": ["broken_files:PlainOnly"],
        "check_a_defect_is_raised_or_counted": [
            "broken_files:NamesNoFile",
            "broken_files:Swallows",
            "broken_files:LenienceUnsaid",
        ],
        "check_examples_are_as_many_as_asked": [
            "broken_tasks:ShowsAll",
            "broken_tasks:ShowsAnother",
        ],
        "check_warnings_are_counts": ["broken_tasks:LoudWarnings", "broken_tasks:VagueWarnings"],
    },
    "probe": {
        "check_keeps_the_contract": ["broken_any:NoRandomness"],
        "check_learns_separable_data": ["broken_probes:Majority", "broken_probes:FlatTrees"],
        "check_chance_on_shuffled_labels": ["broken_probes:Peeks", "broken_probes:AlwaysRight"],
        "check_outcomes_are_of_a_score": [
            "broken_probes:OutcomesOfAnother",
            "broken_probes:OutcomesOfNoScore",
        ],
        "check_refit_forgets": ["broken_probes:Remembers"],
        "check_relabelling_changes_nothing": ["broken_probes:RegressesOnNumbers"],
        "check_inputs_may_be_read_only": ["broken_probes:CentresInPlace"],
        "check_target_stays_as_it_is": ["broken_probes:WritesIntoTheTarget"],
        "check_each_cell_comes_once": ["broken_probes:Repeats"],
        "check_layers_stand_alone": ["broken_probes:MixesLayers"],
        "check_seeds_stand_alone": ["broken_probes:MixesSeeds"],
        "check_outcomes_are_of_test_items": [
            "broken_probes:GroupsByItem",
            "broken_probes:TrainOutcomes",
        ],
        "check_every_test_item_has_an_outcome": ["broken_probes:LeavesOneOut"],
        "check_scores_are_finite": ["broken_probes:NotANumber", "broken_probes:NoScores"],
        "check_running_twice_is_bit_identical": ["broken_probes:Ticks"],
        "check_seed_acts_only_if_declared": [
            "broken_probes:SecretlyRandom",
            "passing_probes:SecretlyRandom",
        ],
        "check_declared_randomness_acts": ["broken_probes:IdlySeeded"],
        "check_randomness_is_a_tuple_of_words": ["broken_any:SaysThatTheSplitIsItsOwn"],
        "check_wishes_are_said_as_data": [
            "broken_probes:ViewsInOneText",
            "broken_probes:SaysYes",
            "broken_probes:ReadsTheModel",
        ],
        "check_a_measure_needs_no_training_items": ["broken_probes:SaysThatItMeasures"],
        "check_a_measure_follows_the_vectors": ["broken_probes:Deaf"],
        "check_an_interrupt_leaves_no_result": ["broken_probes:Unstoppable"],
        "check_row_order_is_irrelevant": ["passing_probes:FeelsOrder"],
        "check_chunking_is_irrelevant": ["passing_probes:FeelsChunks"],
        "check_merge_tree_is_irrelevant": ["passing_probes:FeelsMerging"],
        "check_merge_leaves_the_other_alone": ["passing_probes:RobsTheOther"],
        "check_merge_returns_self": ["passing_probes:ReturnsACopy"],
        "check_compute_changes_nothing": ["passing_probes:ComputesOnce"],
        "check_memory_is_bounded": ["passing_probes:GrowsWithStimuli"],
        "check_accumulators_pickle": ["passing_probes:StaysAtHome"],
        "check_padding_means_nothing": ["passing_probes:MindsPadding"],
        "check_values_lie_within_bounds": ["passing_probes:TightBounds"],
        "check_an_encoder_that_lacks_something_is_refused": ["passing_probes:TakesParameters"],
        "check_the_encoder_stays_as_it_is": ["asking_probes:Meddles"],
        "check_another_encoder_scores_otherwise": ["asking_probes:HearsNothing"],
        "check_what_was_not_asked_counts_for_nothing": [
            "broken_probes:TrainsWhatWasNotAsked",
            "broken_probes:ScoresWhatWasNotAsked",
        ],
    },
    "metric": {
        "check_symmetry_is_as_declared": [
            "broken_metrics:DeniesSymmetry",
            "broken_metrics:ClaimsSymmetry",
        ],
        "check_values_lie_within_bounds": ["broken_metrics:TightBounds"],
        "check_self_value_is_as_declared": ["broken_metrics:OtherSelfValue"],
        "check_unlike_sides_are_compared_or_refused": [
            "broken_metrics:NeedsLikeHeads",
            "broken_metrics:TakesOneHead",
        ],
        "check_orthogonal_invariance_is_as_declared": ["broken_metrics:ClaimsOrthogonal"],
        "check_scaling_invariance_is_as_declared": ["broken_metrics:DeniesScaling"],
        "check_translation_invariance_is_as_declared": [
            "broken_metrics:ClaimsTranslation",
            "broken_metrics:LabelsDenyTranslation",
        ],
        "check_linear_invariance_is_as_declared": [
            "broken_metrics:ClaimsLinear",
            "broken_metrics:ClaimsLinearOfLabels",
        ],
        "check_row_order_is_irrelevant": ["broken_metrics:FeelsOrder"],
        "check_chunking_is_irrelevant": ["broken_metrics:FeelsChunks"],
        "check_merge_tree_is_irrelevant": ["broken_metrics:FeelsMerging"],
        "check_merge_leaves_the_other_alone": ["broken_metrics:RobsTheOther"],
        "check_merge_returns_self": ["broken_metrics:ReturnsACopy"],
        "check_compute_changes_nothing": [
            "broken_metrics:ComputesOnce",
            "broken_metrics:ComputesEarly",
        ],
        "check_memory_is_bounded": [
            "broken_metrics:GrowsWithStimuli",
            "broken_metrics:GrowsWithMaps",
        ],
        "check_padding_means_nothing": ["broken_metrics:MindsPadding"],
        "check_accumulators_pickle": ["broken_metrics:StaysAtHome"],
        "check_inputs_may_be_read_only": ["broken_metrics:Normalises"],
        "check_scores_are_finite": ["broken_metrics:NotANumber"],
        "check_seed_acts_only_if_declared": ["broken_metrics:SecretlyRandom"],
        "check_null_is_asking_anew": [
            "broken_metrics:ShufflesTheOtherSide",
            "broken_metrics:OneValueTooMany",
        ],
    },
    "report": {
        "check_report_writes_inside_its_folder": [
            "broken_reports:WritesBeside",
            "broken_reports:WritesWhereItStands",
        ],
        "check_report_returns_what_it_wrote": [
            "broken_reports:TellsTooMuch",
            "broken_reports:TellsTooLittle",
            "broken_reports:LeavesAnEmptyFile",
        ],
        "check_report_survives_missing_results": [
            "broken_reports:NeedsCells",
            "broken_reports:NeedsLayers",
            "broken_reports:NeedsArrays",
            "broken_reports:NeedsTheBaseline",
        ],
        "check_report_is_repeatable": [
            "broken_reports:TellsTheTime",
            "broken_reports:NamesByChance",
            "broken_reports:TellsItsFolder",
        ],
        "check_report_replaces_its_files": [
            "broken_reports:Appends",
            "broken_reports:KeepsWhatIsThere",
        ],
        "check_report_figures_are_svg_with_their_data": [
            "broken_reports:FigureAlone",
            "broken_reports:Pixels",
            "broken_reports:PixelsCalledSvg",
        ],
    },
    "tracker": {
        "check_tracker_takes_any_run": [
            "broken_trackers:NeedsAnEncoder",
            "broken_trackers:NeedsAFrame",
        ],
        "check_tracker_takes_any_name": ["broken_trackers:NeedsPlainNames"],
        "check_tracker_takes_a_run_up_again": ["broken_trackers:RefusesWhatIsThere"],
        "check_tracker_leaves_the_run_alone": ["broken_trackers:WritesToTheRun"],
    },
}

#: Broken in the spec, not in the class: tested below.
BY_SPEC = {"check_summary_and_reference_are_given", "check_name_has_the_plugins_prefix"}


class FakeState:
    def __init__(self, state):
        self.state = state

    def numpy(self):
        return self

    def tobytes(self):
        return self.state


class FakeTorch:
    """A global generator whose state is the last seed."""

    def __init__(self):
        self.state = b"at first"

    def get_rng_state(self):
        return FakeState(self.state)

    def set_rng_state(self, state):
        self.state = state.state

    def manual_seed(self, seed):
        self.state = repr(seed).encode()


@pytest.fixture(autouse=True)
def importable(monkeypatch, request, tmp_path):
    monkeypatch.chdir(tmp_path)  # where a broken report leaves what it should not
    called = request.node.name
    if "pulls_in" not in called and "ToyEncoder" not in called:
        # A fresh interpreter for every broken component would take most of the time.
        monkeypatch.setattr(every, "heavy_imports", lambda component, made=b"": [])
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(every, "HEAVY", ("colorsys",))
    monkeypatch.setitem(sys.modules, "torch", FakeTorch())


def spec_of(kind, factory, **changes):
    given = {"name": "toy.thing", "summary": "a thing", "reference": "none"}
    return SPECS[kind](**{**given, "factory": factory, **changes})


def failures(kind, spec, variants=()):
    found = run_checks(kind, spec, variants=variants)
    assert len(found) == len(checks_of(kind))
    return {o.check: o.message for o in found if o.status in ("failed", "warned")}


@cache
def of_good(kind, factory):
    """Return the outcomes of a good one, found once for all tests."""
    variants = SEEDS if "toys" in factory else ()
    return run_checks(kind, spec_of(kind, factory), variants=variants)


@pytest.mark.parametrize(("kind", "factory"), [(k, f) for k, fs in GOOD.items() for f in fs])
def test_good_ones_pass(kind, factory):
    found = of_good(kind, factory)
    assert len(found) == len(checks_of(kind))
    assert {o.check: o.message for o in found if o.status in ("failed", "warned")} == {}


@pytest.mark.parametrize("factory", ["ToyEncoder", "ToyTask"])
def test_good_ones_pass_with_variants(factory):
    kind = factory[3:].lower()
    spec = spec_of(kind, f"sondage.testing.toys:{factory}")
    found = run_checks(kind, spec, {"seed": lambda: 5}, variants=SEEDS)
    assert {o.status for o in found if "check_fingerprint_" in o.check} == {"passed"}


@pytest.mark.parametrize(
    ("kind", "check", "factory"),
    [(k, c, f) for k, checks in BROKEN.items() for c, fs in checks.items() for f in fs],
)
def test_broken_ones_are_caught_by_one_check(kind, check, factory):
    variants = SEEDS if "Deaf" in factory else ()
    assert list(failures(kind, spec_of(kind, factory), variants)) == [check]


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"summary": " "}, "check_summary_and_reference_are_given"),
        ({"summary": "two\nlines"}, "check_summary_and_reference_are_given"),
        ({"reference": ""}, "check_summary_and_reference_are_given"),
        ({"name": "thing"}, "check_name_has_the_plugins_prefix"),
        ({"name": "toy.Thing"}, "check_name_has_the_plugins_prefix"),
        ({"name": "../toy.thing"}, "check_name_has_the_plugins_prefix"),
    ],
)
def test_broken_specs_are_caught_by_one_check(changes, check):
    assert list(failures("task", spec_of("task", "good_ones:SentenceTask", **changes))) == [check]


def test_a_copy_is_called_a_copy():
    said = failures("encoder", spec_of("encoder", "broken_any:StoresACopy"))
    message = said["check_parameters_are_stored_unchanged"]
    assert "salts is a copy of (1000, 2000), which was given: store the very object" in message
    assert message.count("(1000, 2000)") == 1


def test_failures_that_are_expected_are_strict_both_ways():
    reasons = {
        "check_learns_separable_data": "a baseline",
        "check_pickles": "passes, so this is wrong",
        "check_a_measure_follows_the_vectors": "does not apply, so this is wrong",
    }
    spec = spec_of("probe", "broken_probes:Majority")
    found = {o.check: o for o in run_checks("probe", spec, expected_failures=reasons)}
    expected = found["check_learns_separable_data"]
    assert (expected.status, expected.message, expected.details) == ("expected", "a baseline", "")
    failed = {name: o.message for name, o in found.items() if o.status == "failed"}
    assert failed["check_pickles"] == "expected to fail (passes, so this is wrong), but passed"
    assert "but does not apply: the probe" in failed["check_a_measure_follows_the_vectors"]
    assert len(failed) == 2
    with pytest.raises(ParameterError, match="check_pickle'") as caught:
        run_checks("probe", spec, expected_failures={"check_pickle": "misspelt"})
    assert caught.value.near[0] == "check_pickles"


def test_every_check_has_its_sabotage():
    caught = {(k, c) for k, checks in BROKEN.items() for c in checks}
    for scope, checks in CHECKS.items():
        for check in checks:
            kinds = BROKEN if scope == "every" else [scope]
            found = any((kind, check.name) in caught for kind in kinds)
            assert found or check.name in BY_SPEC, f"{scope}: {check.name} was never seen to fail"


def test_no_check_is_skipped_by_every_good_one():
    for kind, factories in GOOD.items():
        outcomes = [o for factory in factories for o in of_good(kind, factory)]
        ran = {o.check for o in outcomes if o.status == "passed"}
        assert ran == {c.name for c in checks_of(kind)}


@pytest.mark.parametrize(
    "check", [c for checks in CHECKS.values() for c in checks], ids=lambda c: c.name
)
def test_checks_are_short_and_promise_something(check):
    lines = inspect.getsource(check.run).splitlines()
    body = [line for line in lines if line.strip() and not line.strip().startswith(("@", "#"))]
    assert len(body) <= 18, f"{check.name} has {len(body)} lines"
    assert check.name.startswith("check_")
    assert check.promise.endswith(".")
    assert check.enforced


def test_several_labels_are_tried_where_a_probe_takes_them():
    name = "check_what_was_not_asked_counts_for_nothing"
    for factory, status in (("SeveralLabels", "passed"), ("Looped", "skipped")):
        found = run_checks("probe", spec_of("probe", f"good_ones:{factory}"))
        assert [o.status for o in found if o.check == name] == [status]


def test_a_probe_that_asks_in_vain_is_tested_with_an_encoder_of_its_own():
    from sondage.testing.open_toy import ToyOpen

    spec = spec_of("probe", "asking_probes:HiddenNats")
    asked = run_checks("probe", spec, encoder=lambda: ToyOpen(seed=7))
    assert not [o.message for o in asked if o.status == "failed"]
    assert "no other" in next(
        o.message for o in asked if o.check == "check_another_encoder_scores_otherwise"
    )
    in_vain = {o.check: o for o in of_good("probe", "asking_probes:AsksInVain")}
    said = in_vain["check_running_twice_is_bit_identical"]
    assert said.status == "skipped"
    assert said.message.endswith("ToyOpen has no parse trees; name another one by 'encoders'")


def test_the_encoder_that_is_named_is_the_one_that_is_asked():
    from sondage.testing.component import Component
    from sondage.testing.open_toy import ToyOpen
    from sondage.testing.probed import toy_problem

    spec = spec_of("probe", "asking_probes:HiddenNats")
    given = ToyOpen(seed=7)
    asked = [
        toy_problem(Component(spec, encoder_given=one)).encoder for one in (given, lambda: given)
    ]
    assert [one.seed for one in asked] == [7, 7]
    assert asked[0] is not given
