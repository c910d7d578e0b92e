"""Both probes in a run: no vectors stored, a result a seed; where there is no head, an error."""

import shutil

import pytest

import sondage
from sondage_transformers.quiet import quiet

REGISTRY = """
version: 1
encoders:
  base: {{use: transformers.pretrained, model: "{model}", device: cpu}}
  headless: {{use: transformers.pretrained, model: "{headless}", device: cpu}}
  tuned: {{use: transformers.finetuned, base: base, task: t, epochs: 1, batch_size: 4,
          learning_rate: 0.02}}
  back: {{use: transformers.splice_sweep, base: tuned@last, donor: base, embeddings: true}}
  bare-tuned: {{use: transformers.finetuned, base: headless, task: t, epochs: 1, batch_size: 4,
               learning_rate: 0.02}}
  bare-back: {{use: transformers.spliced, base: bare-tuned@last, donor: base, layers: "last:1"}}
tasks:
  t: {{use: synthetic.upos, n: 12}}
probes:
  perplexity: {{use: mlm.perplexity}}
  script: {{use: mlm.perplexity, protocol: run_mlm, block: 32}}
  pll: {{use: mlm.pll}}
compositions:
  c:
    encoders: [base, headless]
    tasks: [t]
    probes: [perplexity, script, pll]
    seeds: [0, 1]
  put-back:
    encoders: [base, tuned@last, back]
    tasks: [t]
    probes: [perplexity, pll]
  tuned-without-head:
    encoders: [base, bare-tuned@last, bare-back]
    tasks: [t]
    probes: [perplexity, pll, classifiers.majority]
    layers: [1]
"""


@pytest.fixture
def registry(tmp_path, monkeypatch, folders):
    from transformers import AutoModel

    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    headless = tmp_path / "headless"
    shutil.copytree(folders["bert"], headless)
    with quiet():
        AutoModel.from_pretrained(folders["bert"]).save_pretrained(headless)
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY.format(model=folders["bert"], headless=headless), "utf-8")
    return path


def test_a_run_has_the_scores_of_each_encoder_and_seed(registry, tmp_path):
    run = sondage.run(f"{registry}:c")
    failed = {(cell["encoder"], cell["component"]) for cell in run.failed}
    assert failed == {("headless", probe) for probe in ("perplexity", "script", "pll")}
    assert all("lacks 6 tensors of the masked-LM head" in str(cell) for cell in run.failed)
    frame = run.frame()
    assert frame["layer"].isna().all()
    one = frame[(frame.encoder == "base") & (frame.score == "perplexity")]
    values = one.groupby("component")["value"]
    assert values.nunique().to_dict() == {"perplexity": 2, "script": 2, "pll": 1}
    assert not list((tmp_path / "store").glob("activations/*"))


def test_all_layers_put_back_into_a_tuned_encoder_are_its_base(registry):
    run = sondage.run(f"{registry}:put-back")
    assert run.failed == []
    frame = run.frame()
    nats = frame[(frame["kind"] == "probe") & (frame["score"] == "nats")]
    for _, part in nats.groupby("component"):
        (base,) = part[part.encoder == "base"]["value"]
        (tuned,) = part[part.encoder == "tuned"]["value"]
        back = part[part.encoder == "back"].set_index("step")["value"]
        assert list(back.index) == [0, 1, 2, 3]
        assert back[3] == base
        assert abs(tuned - base) > 1e-3
        # The embeddings alone are the base's, then one block more at each step.
        assert len({tuned, *back}) == 5


def test_a_tuned_encoder_without_its_base_s_head_fails_alone(registry):
    run = sondage.run(f"{registry}:tuned-without-head")
    failed = {(cell["encoder"], cell["component"]) for cell in run.failed}
    without = ("bare-tuned", "bare-back")
    assert failed == {(encoder, probe) for encoder in without for probe in ("perplexity", "pll")}
    for cell in run.failed:
        message = cell["error"]["message"]
        assert cell["error"]["type"] == "EncodingError"
        assert "lacks 6 tensors of the masked-LM head" in message
        # The folder that is to be saved with its head, and how.
        assert f"{registry.parent / 'headless'}\n" in message
        assert "AutoModelForMaskedLM" in message
    frame = run.frame()
    done = frame[frame["status"] == "done"].groupby("component")["encoder"].unique()
    assert sorted(done["classifiers.majority"]) == ["bare-back", "bare-tuned", "base"]
    assert list(done["perplexity"]) == list(done["pll"]) == ["base"]
    assert list(done["transformers.finetuned"]) == ["bare-tuned"]
