"""gunicorn's logger, without the lines about requests that nobody sees."""

from gunicorn.glogging import Logger as GunicornLogger


class Logger(GunicornLogger):
    """gunicorn's logger, which only logs what gunicorn itself has to say."""

    def access(self, resp: object, req: object, environ: object, request_time: object) -> None:
        """Do nothing with a request that was answered.

        gunicorn would put a line together as soon as its logging is configured, though no handler takes it:
        an eighth of the processor time of a run. It would hold addresses and headers besides.
        """
