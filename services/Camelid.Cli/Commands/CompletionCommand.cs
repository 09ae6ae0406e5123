using System.CommandLine;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid completion bash|zsh|fish</c>: a script that completes the tool's words.</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh or fish" };

    public static Command Build(Terminal terminal, RootCommand root)
    {
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Command command = new("completion", "A completion script for your shell.") { Shell };
        command.SetAction(parse => terminal.Out.Write(Script(parse.GetRequiredValue(Shell), root)));
        return command;
    }

    private static string Script(string shell, RootCommand root)
    {
        string words = string.Join(' ', root.Subcommands.Select(command => command.Name)
            .Concat(["setup", "up", "test", "bench", "traces", "demo"]).Order(StringComparer.Ordinal));
        string second = string.Join('\n', root.Subcommands.Where(command =>
            command.Subcommands.Count > 0).Select(command =>
            $"    {command.Name}) words=\"{string.Join(' ', command.Subcommands.Select(child => child.Name))}\" ;;"));
        return shell switch
        {
            "bash" => $$"""
                _camelid() {
                  local words="{{words}}"
                  if [ "$COMP_CWORD" -gt 1 ]; then
                    words=""
                    case "${COMP_WORDS[1]}" in
                {{second}}
                    esac
                  fi
                  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
                }
                complete -o default -F _camelid camelid ./camelid

                """,
            "zsh" => $$"""
                #compdef camelid
                _camelid() {
                  local first="${words[2]}" offered="{{words}}"
                  if (( CURRENT > 2 )); then
                    offered=""
                    case "$first" in
                {{second.Replace("words=", "offered=", StringComparison.Ordinal)}}
                    esac
                  fi
                  compadd -- ${=offered}
                }
                compdef _camelid camelid

                """,
            _ => string.Concat(root.Subcommands.Select(command =>
                $"complete -c camelid -n __fish_use_subcommand -a {command.Name} -d '{Quoted(command.Description)}'\n"
                + string.Concat(command.Subcommands.Select(child =>
                    $"complete -c camelid -n '__fish_seen_subcommand_from {command.Name}' -a {child.Name}\n")))),
        };
    }

    private static string Quoted(string? text) => (text ?? "").Replace("'", "\\'", StringComparison.Ordinal);
}
