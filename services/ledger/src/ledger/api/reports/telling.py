"""A report on its way out: chunk by chunk, as fast as its reader takes it.

`Report-Rows` tells before the first row how many there will be. Should there be another number in
the end, or the store fall silent, the answer breaks off without its last chunk: nobody takes a part
for the whole.
"""

import logging

from aiohttp import web

from ledger.api.reports.making import Report
from ledger.reports.report import moment_text
from ledger.reports.written import Written

log = logging.getLogger(__name__)


async def tell(request: web.Request, report: Report, written: Written) -> web.StreamResponse:
    """Write a report to who asked for it."""
    when = report.head.when
    name = f"{report.head.report}-{report.head.tenant}-{when.as_of}.{written.suffix}"
    response = web.StreamResponse(
        headers={
            "Content-Type": written.content_type,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Report-Rows": str(report.count),
            "Report-As-Of": when.as_of.isoformat(),
            "Report-Known-At": moment_text(when.known_at),
        }
    )
    response.enable_chunked_encoding()
    await response.prepare(request)
    try:
        await _write(response, report, written)
    except ConnectionError:
        log.info("the reader of a report went away")
        _break_off(request)
    except Exception:
        log.exception("a report broke off")
        _break_off(request)
    except BaseException:
        _break_off(request)
        raise
    return response


async def _write(response: web.StreamResponse, report: Report, written: Written) -> None:
    await response.write(written.begin(report.head))
    count = 0
    async for batch in report.batches:
        rows = list(batch)
        count += len(rows)
        await response.write(written.rows(rows))
    if count != report.count:
        raise RuntimeError(f"{report.head.report}: {count} rows, but {report.count} were counted")
    await response.write(written.end(report.totals()))
    await response.write_eof()


def _break_off(request: web.Request) -> None:
    """End the connection where it is, so that the answer is never complete."""
    if request.transport is not None:
        request.transport.abort()
