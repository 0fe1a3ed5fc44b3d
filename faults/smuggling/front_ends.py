"""haproxy and nginx before doorward, with connections that are kept and used again.

Each has several lanes: a port of its own and a way of its own to doorward, so that hostile
requests can be tried side by side without meeting each other's connections.
"""

import signal
from dataclasses import dataclass
from pathlib import Path

from ..world import haproxy, ports
from ..world.daemon import Daemon
from .wire import Line

NGINX = "/usr/sbin/nginx"

_HAPROXY = """\
global
    log stdout format raw local0 info
    nbthread 1
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout http-keep-alive 60s
"""

_HAPROXY_LANE = """\
listen lane{port}
    bind 127.0.0.1:{port}
    http-reuse always
{options}    server doorward 127.0.0.1:{target}
"""

# In one process, which ends with its signal for certain. Nothing is logged but errors.
_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log info;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000;
{lanes}}}
"""

_NGINX_LANE = """\
    upstream lane{port} {{ server 127.0.0.1:{target}; keepalive 1; }}
    server {{
        listen 127.0.0.1:{port};
{options}        location / {{
            proxy_pass http://lane{port};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
"""


@dataclass(frozen=True)
class Kind:
    """A program and how it is set."""

    name: str
    is_nginx: bool
    # Lines of each lane.
    options: tuple[str, ...] = ()


KINDS = [
    Kind("haproxy", is_nginx=False),
    # Lets through what it can, as some who need it for an old client do.
    Kind("lax-haproxy", False, ("option accept-invalid-http-request",)),
    Kind("nginx", is_nginx=True),
    Kind(
        "lax-nginx",
        True,
        (
            "ignore_invalid_headers off;",
            "underscores_in_headers on;",
            "proxy_request_buffering off;",
        ),
    ),
]


class FrontEnd:
    """One of the two, with a lane to each of these ports."""

    def __init__(self, kind: Kind, folder: Path, targets: list[int]) -> None:
        self.ports = [ports.fixed() for _ in targets]
        settings = folder / f"{kind.name}.cfg"
        make = _nginx if kind.is_nginx else _haproxy
        settings.write_text(make(kind, folder, dict(zip(self.ports, targets, strict=True))))
        command = [haproxy.PROGRAM, "-db", "-f", settings]
        if kind.is_nginx:
            command = [NGINX, "-e", folder / "nginx.log", "-p", folder, "-c", settings]
        self.daemon = Daemon(
            kind.name, command, folder / f"{kind.name}.log", end_with=signal.SIGTERM, cwd=folder
        )

    async def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        self.daemon.launch()
        await self.daemon.is_up(self._takes_connections)

    async def _takes_connections(self) -> bool:
        try:
            (await Line.to(self.ports[-1])).close()
        except OSError:
            return False
        return True


def _haproxy(kind: Kind, _: Path, lanes: dict[int, int]) -> str:
    options = "".join(f"    {line}\n" for line in kind.options)
    made = (_HAPROXY_LANE.format(port=p, target=t, options=options) for p, t in lanes.items())
    return _HAPROXY + "".join(made)


def _nginx(kind: Kind, folder: Path, lanes: dict[int, int]) -> str:
    options = "".join(f"        {line}\n" for line in kind.options)
    made = (_NGINX_LANE.format(port=p, target=t, options=options) for p, t in lanes.items())
    return _NGINX.format(folder=folder, lanes="".join(made))
