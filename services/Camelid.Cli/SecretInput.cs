using System.CommandLine;
using System.Text;

namespace Camelid.Cli;

/// <summary>
/// Secrets come from a file, from the keyboard or from standard input, never from the command line: others can read
/// that, and shells remember it.
/// </summary>
internal static class SecretInput
{
    /// <summary>Longest secret, in characters.</summary>
    public const int CharactersMax = 4_096;

    public static readonly Option<FileInfo?> PassphraseFile = new("--passphrase-file")
    {
        Description = "file whose first line is the passphrase (else it is asked for)", HelpName = "FILE",
    };

    public static readonly Option<FileInfo?> NewPassphraseFile = new("--new-passphrase-file")
    {
        Description = "file whose first line is the new passphrase (else it is asked for)", HelpName = "FILE",
    };

    public static readonly Option<bool> NoPassphrase = new("--no-passphrase")
    {
        Description = "leave the keys open on the disk (regtest only)",
    };

    /// <summary>A passphrase to be set: asked for twice where it is typed; empty for none.</summary>
    /// <param name="terminal">Where it is asked for.</param>
    /// <param name="parse">The command line.</param>
    /// <param name="option">The option that names a file with it.</param>
    public static string NewPassphrase(Terminal terminal, ParseResult parse, Option<FileInfo?> option)
    {
        if (parse.GetValue(NoPassphrase))
        {
            return "";
        }

        if (parse.GetValue(option) is { } file)
        {
            return ReadFile(file, option);
        }

        string first = Ask(terminal, "new passphrase (8 characters or more): ");
        return first == Ask(terminal, "the same again: ")
            ? first
            : throw new CommandFailure(ExitCode.Usage, "the two passphrases differ; nothing was done");
    }

    /// <summary>The passphrase that is set.</summary>
    public static string Passphrase(Terminal terminal, ParseResult parse) =>
        parse.GetValue(PassphraseFile) is { } file ? ReadFile(file, PassphraseFile) : Ask(terminal, "passphrase: ");

    /// <summary>The words of a wallet: one line of the keyboard, or all of standard input.</summary>
    public static async Task<string> WordsAsync(Terminal terminal, CancellationToken cancellationToken)
    {
        if (terminal.ReadHidden is not null)
        {
            await terminal.Error.WriteAsync("the words, between spaces, in one line: ");
            return await terminal.In.ReadLineAsync(cancellationToken) ?? "";
        }

        char[] buffer = new char[CharactersMax + 1];
        int count = await terminal.In.ReadBlockAsync(buffer.AsMemory(), cancellationToken);
        return count <= CharactersMax
            ? new string(buffer, 0, count)
            : throw new CommandFailure(
                ExitCode.Usage, $"standard input: more than {CharactersMax} characters are no words of a wallet");
    }

    /// <summary>Reads a line of the keyboard that is not shown.</summary>
    public static string? ReadKeys()
    {
        StringBuilder line = new();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.Error.WriteLine();
                    return line.ToString();
                case ConsoleKey.Backspace:
                    line.Length = Math.Max(0, line.Length - 1);
                    break;
                default:
                    line.Append(key.KeyChar is '\0' ? "" : key.KeyChar.ToString());
                    break;
            }
        }
    }

    private static string Ask(Terminal terminal, string prompt)
    {
        if (terminal.ReadHidden is null)
        {
            throw new CommandFailure(
                ExitCode.Usage,
                "there is no keyboard to ask for the passphrase: give it in a file (see --help)");
        }

        terminal.Error.Write(prompt);
        return terminal.ReadHidden() ?? "";
    }

    private static string ReadFile(FileInfo file, Option option)
    {
        if (!file.Exists)
        {
            throw new CommandFailure(ExitCode.NotFound, $"{option.Name}: no file {file.FullName}");
        }

        using StreamReader reader = file.OpenText();
        string line = reader.ReadLine() ?? "";
        return line.Length is > 0 and <= CharactersMax
            ? line
            : throw new CommandFailure(
                ExitCode.Usage,
                $"{option.Name}: {file.FullName} does not begin with a line of 1 … {CharactersMax} characters");
    }
}
