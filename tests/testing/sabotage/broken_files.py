"""Tasks over files that break one of `FileTask`'s rules each."""

import dataclasses

import numpy as np
from good_ones import LineTask

from sondage.data import Split, digest
from sondage.errors import DataError
from sondage.parts import Parts


def similar(parts, cls):
    return cls(**{field.name: getattr(parts, field.name) for field in dataclasses.fields(parts)})


class TakesBoth(LineTask):
    @property
    def parts(self):
        test = None if self.files else self.test
        return dataclasses.replace(super().parts, test=test)


class NamesNoTask(LineTask):
    @property
    def parts(self):
        return dataclasses.replace(super().parts, task="a task")


class Lax(Parts):
    def groups(self):
        try:
            return super().groups()
        except DataError as error:
            if "two parts" not in error.message:
                raise
            return [() if p is None else self._found(p) for p in (self.train, self.dev, self.test)]


class ReadsTwice(LineTask):
    @property
    def parts(self):
        return similar(super().parts, Lax)


class Curt(Parts):
    def _found(self, patterns):
        try:
            return super()._found(patterns)
        except DataError as error:
            raise DataError(error.message, hint=error.hint) from None


class NamesNoOther(LineTask):
    @property
    def parts(self):
        return similar(super().parts, Curt)


class FingerprintOfNames(LineTask):
    @property
    def fingerprint(self):
        return digest(super().fingerprint, self.parts.paths)


class FingerprintOfTexts(LineTask):
    @property
    def corpus_fingerprint(self):
        return digest("lines", len(self.parts.paths), *self.leniency)

    @property
    def fingerprint(self):
        return digest(self.corpus_fingerprint, self.parts.hashes, self.parts.split_key)


class BlindToTheSplit(LineTask):
    @property
    def fingerprint(self):
        return self.corpus_fingerprint


class FingerprintOfTheShareAlways(LineTask):
    @property
    def fingerprint(self):
        return digest(super().fingerprint, float(self.dev_share))


class Shuffles(LineTask):
    def refix(self, fixed):
        return Split(fixed.dev, fixed.train, fixed.test)

    def load(self):
        data = super().load()
        if self.files is None and self.dev is not None:
            data = dataclasses.replace(data, fixed=self.refix(data.fixed))
        return data


class CountsNoRepetition(LineTask):
    def load(self):
        data = super().load()
        kept = {slug: n for slug, n in data.warnings.items() if slug == "skipped-lines"}
        return dataclasses.replace(data, warnings=kept)


class DrawsAlways(LineTask):
    def load(self):
        data = super().load()
        share = 0.1 if self.files is None and self.dev is None else data.dev_share
        return dataclasses.replace(data, dev_share=share)


class DrawsNever(LineTask):
    def load(self):
        return dataclasses.replace(super().load(), dev_share=0.0)


class TakesFromTest(LineTask):
    def load(self):
        data = super().load()
        if data.dev_share:
            items = np.arange(len(data.target))
            fixed = Split(items[:-5], items[:0], items[-5:])
            data = dataclasses.replace(data, fixed=fixed)
        return data


class PlainOnly(LineTask):
    def lines(self, defects, path):
        return ["a packed"] if path.endswith(".gz") else super().lines(defects, path)


class NamesNoFile(LineTask):
    def load(self):
        try:
            return super().load()
        except DataError as error:
            raise DataError(error.message, hint=error.hint) from None


class Swallows(LineTask):
    def load(self):
        data = super().load()
        kept = {slug: n for slug, n in data.warnings.items() if slug != "skipped-lines"}
        return dataclasses.replace(data, warnings=kept)


class LenienceUnsaid(LineTask):
    leniency = ()
