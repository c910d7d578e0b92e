"""Trackers that break one promise each."""

from good_ones import Remembers


class NeedsAnEncoder(Remembers):
    """Looks for the model among components, of which there may be none."""

    def begin(self, run):
        super().begin(run)
        self.model = next(c for c in run.components if c["kind"] == "encoder")["label"]


class NeedsAFrame(Remembers):
    """Looks for the best cell when a run is stopped, which may be before there is one."""

    def end(self, state, findings):
        super().end(state, findings)
        if state == "stopped":
            self.best = max(max(scores.values()) for scores in self.seen.values())


class NeedsPlainNames(Remembers):
    def recorded(self, records):
        for record in records:
            for score in record["scores"]:
                if not score.replace("_", "").isalnum():
                    raise ValueError(f"invalid name {score!r}")
        super().recorded(records)


class RefusesWhatIsThere(Remembers):
    def begin(self, run):
        super().begin(run)
        if self.seen and run.command.endswith(" b"):
            raise FileExistsError(run.name)


class WritesToTheRun(Remembers):
    def end(self, state, findings):
        super().end(state, findings)
        (self.run.folder / "tracked").write_text(state)
