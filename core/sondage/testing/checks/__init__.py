"""The checks, a module per kind; importing this registers them all."""

import sondage.testing.checks.accumulator
import sondage.testing.checks.asking
import sondage.testing.checks.encoder
import sondage.testing.checks.every
import sondage.testing.checks.files
import sondage.testing.checks.headed
import sondage.testing.checks.interrupt
import sondage.testing.checks.masked
import sondage.testing.checks.measure
import sondage.testing.checks.metric
import sondage.testing.checks.offered
import sondage.testing.checks.passing
import sondage.testing.checks.probe
import sondage.testing.checks.report
import sondage.testing.checks.several
import sondage.testing.checks.shared
import sondage.testing.checks.task
import sondage.testing.checks.tracker  # noqa: F401
