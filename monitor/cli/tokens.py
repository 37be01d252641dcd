"""`emotion-monitor tokens`: tokens by which people and programs sign in to a service."""

from typing import Annotated, Literal

import typer

app = typer.Typer(help="Make tokens for people and programs.", no_args_is_help=True)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Of the person or program; signs what they do.", metavar="NAME")],
    role: Annotated[
        Literal["viewer", "supervisor", "engineer"], typer.Option(help="What they may do: see docs/operations.md.")
    ] = "viewer",
    listen: Annotated[
        bool, typer.Option("--listen", help="They may hear live calls, where privacy.listen_in allows it.")
    ] = False,
) -> None:
    """Print a new token, once, on standard error, and on standard output the entry for server.tokens, which holds its hash.

    Example:

      emotion-monitor tokens make "Kim Osei" --role supervisor
    """
    import secrets

    import yaml

    from monitor.config.tokens import NamedToken, digest_of
    from monitor.errors import ConfigError

    token = secrets.token_urlsafe(32)
    entry = {"name": name, "role": role, "token_sha256": digest_of(token).hex(), **({"listen": True} if listen else {})}
    try:
        NamedToken.model_validate(entry)
    except ValueError:
        raise ConfigError(f"NAME: a name has 1 to 128 characters, this one has {len(name)}") from None
    typer.echo(f"the token of {name}, which is not shown again: {token}", err=True)
    typer.echo("put this under server: in the configuration, beside those that are there:", err=True)
    typer.echo(yaml.safe_dump({"tokens": [entry]}, sort_keys=False, allow_unicode=True, default_flow_style=False), nl=False)
