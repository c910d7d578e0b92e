"""A run as one HTML page that can be sent: nothing is loaded from anywhere, names are inert."""

from __future__ import annotations

from sondage.report.html.written import Written as Written
from sondage.report.html.written import write_page as write_page
