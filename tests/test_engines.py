"""Models are let go after their last use, and nothing is loaded twice."""

import pickle
from collections import Counter

import pytest

from sondage import api
from sondage.execute.engines import in_order, kept_here
from sondage.execute.graph import Node, graph_of
from sondage.plan.cells import encodings

PLUGIN = """
    import dataclasses, sondage
    from sondage.contracts import Encoder
    from sondage.data import Result, digest
    from sondage.testing.passable import ToyPassable
    from sondage.testing.toys import ToyTask
    from test_engines_parts import Attention, Dot

    ABOUT = {"summary": "s", "reference": "r"}
    LOG = []

    class Heavy(ToyPassable):
        def load(self):
            if not vars(self).get("model"):
                self.model = [0.0] * 100
                LOG.append(("load", id(self), self.seed))
        def encode(self, corpus, request):
            self.load()
            yield from super().encode(corpus, request)
        def pass_through(self, *how):
            self.load()
            super().pass_through(*how)
        def release(self):
            if vars(self).pop("model", None):
                LOG.append(("let go", id(self), self.seed))
        def __getstate__(self):
            return {k: v for k, v in vars(self).items() if k != "model"}

    class Clings(Heavy):
        def release(self):
            raise OSError("it is mine")

    class Members:
        def __init__(self, *, n: int = 5):
            self.n = n
        steps = property(lambda self: tuple(range(self.n)))
        fingerprint = property(lambda self: digest("members", self.n))
        def at(self, step):
            return Heavy(seed=step)

    @dataclasses.dataclass(kw_only=True, eq=False)
    class Upon(ToyPassable):
        base: Encoder
        fingerprint = property(lambda self: digest("upon", self.base.fingerprint, self.seed))
        def encode(self, corpus, request):
            yield from self.base.encode(corpus, request)

    class Asks:
        units, reads, joint, randomness = "none", "encoder", (), ()
        def run_layers(self, problem):
            problem.encoder.load()
            yield None, problem.seeds[0], Result({"seed": float(problem.encoder.seed)})

    def specs(kind, **classes):
        spec = getattr(sondage, kind + "Spec")
        return [spec(name="toy." + n, factory=c, **ABOUT) for n, c in classes.items()]

    @sondage.hookimpl
    def sondage_encoders():
        return specs("Encoder", members=Members, heavy=Heavy, upon=Upon, clings=Clings)
    @sondage.hookimpl
    def sondage_tasks():
        return specs("Task", task=ToyTask)
    @sondage.hookimpl
    def sondage_probes():
        return specs("Probe", asks=Asks)
    @sondage.hookimpl
    def sondage_metrics():
        return specs("Metric", gap=Attention, dot=Dot)
"""

REGISTRY = """
version: 1
encoders:
  s: {use: toy.members}
  base: {use: toy.heavy, seed: 9}
  first: {use: toy.upon, base: base, seed: 1}
  second: {use: toy.upon, base: base, seed: 2}
  other: {use: toy.heavy, seed: 3}
  clings: {use: toy.clings, seed: 4}
tasks:
  t: {use: toy.task, n: 21}
  u: {use: toy.task, n: 21, seed: 1}
compositions:
  every:
    encoders: [s]
    baseline: s@0
    tasks: [t, u]
    probes: [toy.asks]
    metrics: [toy.dot, toy.gap]
    views: [mean]
  stored: {encoders: [s], baseline: s@0, tasks: [t, u], metrics: [toy.dot], views: [mean]}
  made: {encoders: [first, other, second], baseline: other, tasks: [t], metrics: [toy.dot],
         views: [mean]}
  clinging: {encoders: [clings, other], baseline: other, tasks: [t], metrics: [toy.dot],
             views: [mean]}
"""

PARTS = """
    import numpy as np
    from sondage.data import Result

    class Sums:
        def __init__(self):
            self.total, self.n = 0.0, 0
        def update(self, a, b, rows):
            self.total += float(np.asarray(a).ravel()[0] - np.asarray(b).ravel()[0])
            self.n += len(a)
        def merge(self, other):
            self.total += other.total
            self.n += other.n
            return self
        def compute(self):
            return Result({"sum": self.total / self.n})

    class Dot:
        units, symmetric, bounds, self_value = "vectors", True, (-99.0, 99.0), 0.0
        invariances, randomness = frozenset(), ()
        def begin(self, seed):
            return Sums()

    class Attention(Dot):
        units = "attention"
"""


@pytest.fixture
def toy(make_plugin, tmp_path):
    """Return the path of the registry and the log of what was loaded and let go."""
    from textwrap import dedent

    info = make_plugin("toy", PLUGIN)
    (tmp_path / "site" / "test_engines_parts.py").write_text(dedent(PARTS), "utf-8")
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY, "utf-8")
    module = (info / "entry_points.txt").read_text("utf-8").split(" = ")[1].strip()

    def log():
        import importlib

        return importlib.import_module(module).LOG

    return path, log


def at_once(log):
    """Return how many models were in memory at most, and how many are left."""
    there, most = set(), 0
    for what, which, _ in log:
        (there.add if what == "load" else there.discard)(which)
        most = max(most, len(there))
    return most, len(there)


def loads(log):
    return Counter(seed for what, _, seed in log if what == "load")


def test_members_of_a_series_are_in_memory_one_beside_the_baseline(toy):
    path, log = toy
    run = api.run(f"{path}:every")
    assert run.failed == []
    assert loads(log()) == dict.fromkeys(range(5), 1)
    assert at_once(log()) == (2, 0)


def test_members_that_are_encoded_are_in_memory_one_by_one(toy):
    path, log = toy
    api.run(f"{path}:stored")
    assert loads(log()) == dict.fromkeys(range(5), 1)
    assert at_once(log()) == (1, 0)


def test_what_two_encoders_are_made_of_is_loaded_once(toy):
    path, log = toy
    api.run(f"{path}:made")
    assert loads(log()) == {9: 1, 3: 1}
    most, left = at_once(log())
    assert most <= 2
    assert left == 0


class Told:
    def __init__(self):
        self.texts = []

    def started(self, title): ...
    def encoded(self, title, warnings, seconds): ...
    def recorded(self, records): ...
    def said(self, text):
        self.texts.append(text)


def test_an_encoder_that_does_not_let_go_harms_nothing(toy):
    path, _ = toy
    told = Told()
    run = api.run(f"{path}:clinging", listener=told)
    assert run.failed == []
    (said,) = (text for text in told.texts if "let its model go" in text)
    assert said.startswith("Clings does not let its model go: ")
    assert "it is mine" in said


def pieces(path, name="stored"):
    """Return the encodings of a plan, as they come to a worker."""
    jobs = api.make_plan(f"{path}:{name}").jobs
    wanted = {key for job in jobs for key in job.needs}
    return [pickle.loads(pickle.dumps(item)) for item in encodings(jobs, wanted)]


def test_a_worker_keeps_the_models_of_its_last_work_alone(toy, tmp_path):
    path, log = toy
    found = sorted(pieces(path), key=lambda item: item.encoder.step)
    assert [item.encoder.step for item in found] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    log().clear()
    kept = []
    for item in found:
        mine = kept_here(item, tmp_path)
        mine.encoder.instance.load()
        kept.append(mine.encoder.instance)
    assert kept[0] is kept[1]
    assert loads(log()) == dict.fromkeys(range(5), 1)
    assert at_once(log()) == (1, 1)
    # Another store may hold other weights.
    assert kept_here(found[-1], tmp_path / "other").encoder.instance is not kept[-1]


def test_jobs_come_as_soon_as_what_they_need_is_there(toy):
    path, _ = toy
    planned = api.make_plan(f"{path}:every")
    wanted = {key for job in planned.jobs for key in job.needs}
    nodes = graph_of(planned, list(planned.jobs), [], encodings(planned.jobs, wanted))
    ordered = list(in_order(nodes))
    assert sorted(node.name for node in ordered) == sorted(node.name for node in nodes)
    place = {node.name: k for k, node in enumerate(ordered)}
    assert all(place[need] < place[node.name] for node in nodes for need in node.needs)
    for node in ordered:
        if node.name[0] == "c" and node.needs:
            late = max(place[need] for need in node.needs)
            between = ordered[late + 1 : place[node.name]]
            assert all(one.name[0] == "c" for one in between), node


def test_nodes_without_models_keep_their_order():
    class Item:
        pass

    nodes = [Node(f"c{k}", Item(), ()) for k in range(5)]
    assert list(in_order(nodes)) == nodes
