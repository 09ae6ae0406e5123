using System.Globalization;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Node;

/// <summary>What the command line of a node says.</summary>
internal sealed record NodeOptions
{
    public const string Usage =
        "usage: camelid up [--port N] [--data-dir DIR] [--model NAME|ROOT] [--network regtest]\n"
        + "                  [--role LIST] [--connect HOST:PORT]… [--listen [HOST:]PORT] [--mine yes|no]\n"
        + "  --port N        gateway and dashboard on http://127.0.0.1:N (default 8080; 0 takes a free one)\n"
        + "  --data-dir DIR  where keys, chain, jobs and models are kept (default ~/.camelid)\n"
        + "  --model M       name or root of the model that is served (default camelid-nano)\n"
        + "  --network NAME  regtest; on main and test the chain service runs alone\n"
        + "  --role LIST     what it does, of client,worker,verifier (default all): without worker it computes\n"
        + "                  nothing, and jobs go to other operators; without verifier it checks nothing\n"
        + "  --connect H:P   another node's peer port; may be said several times; then this node does not mine\n"
        + "  --listen [H:]P  where other nodes may connect (default 127.0.0.1:N+1; [::]:P for everybody)\n"
        + "  --mine yes|no   whether this node mines (default yes, with --connect no)";

    public const int PortDefault = 8080;
    public const string ModelDefault = "camelid-nano";
    private const string RegtestName = "regtest";

    public int Port { get; init; } = PortDefault;

    public required string DataFolder { get; init; }

    public string Model { get; init; } = ModelDefault;

    public string Network { get; init; } = RegtestName;

    /// <summary>What the node does.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.All;

    /// <summary>Peer addresses of other nodes.</summary>
    public IReadOnlyList<string> Connect { get; init; } = [];

    /// <summary>Where to listen for peers; empty for the port after <see cref="Port"/> on loopback.</summary>
    public string Listen { get; init; } = "";

    /// <summary>Whether it mines; null where nothing was said.</summary>
    public bool? Mine { get; init; }

    public bool IsHelp { get; init; }

    /// <summary>Reads the words after the program's name.</summary>
    /// <returns>False with one line that says what is wrong.</returns>
    public static bool TryParse(IReadOnlyList<string> args, out NodeOptions options, out string fault)
    {
        options = new NodeOptions { DataFolder = DataFolderDefault() };
        fault = "";
        for (int index = 0; index < args.Count && fault.Length == 0; index++)
        {
            (string name, string? value) = Split(args[index]);
            if (name is "--help" or "-h")
            {
                options = options with { IsHelp = true };
                continue;
            }

            if (name is not ("--port" or "--data-dir" or "--model" or "--network" or "--connect" or "--listen"
                or "--mine" or "--role"))
            {
                fault = $"unknown option '{args[index]}'";
                break;
            }

            value ??= ++index < args.Count ? args[index] : null;
            if (string.IsNullOrWhiteSpace(value))
            {
                fault = $"{name} needs a value";
                break;
            }

            options = options.With(name, value, ref fault);
        }

        return fault.Length == 0;
    }

    private NodeOptions With(string name, string value, ref string fault)
    {
        switch (name)
        {
            case "--port":
                if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535)
                {
                    return this with { Port = port };
                }

                fault = $"--port: '{value}' is no port; give a number from 0 to 65535";
                return this;
            case "--data-dir":
                return this with { DataFolder = Path.GetFullPath(value) };
            case "--model":
                return this with { Model = value };
            case "--role":
                if (NodeRoles.TryParse(value, out NodeRoles? roles))
                {
                    return this with { Roles = roles };
                }

                fault = $"--role: '{value}' is no list of client, worker and verifier, each once";
                return this;
            case "--connect":
                return this with { Connect = [.. Connect, PeerName(name, value, ref fault)] };
            case "--listen":
                string full = value.Contains(':', StringComparison.Ordinal) ? value : $"127.0.0.1:{value}";
                return this with { Listen = PeerName(name, full, ref fault) };
            case "--mine":
                fault = value is "yes" or "no" ? fault : $"--mine: '{value}' is neither yes nor no";
                return this with { Mine = value == "yes" };
            default:
                if (value is not ("main" or "test" or RegtestName))
                {
                    fault = $"--network: '{value}' is no network; there are main, test and regtest";
                }

                return this with { Network = value };
        }
    }

    /// <summary>Host and port; what the host is, the chain finds out.</summary>
    private static string PeerName(string option, string value, ref string fault)
    {
        int colon = value.LastIndexOf(':');
        ReadOnlySpan<char> digits = value.AsSpan(colon + 1);
        bool good = colon > 0 && !value.Contains(',', StringComparison.Ordinal)
            && ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && (port > 0 || option == "--listen");
        fault = good ? fault : $"{option}: '{value}' is not like 192.0.2.1:8081";
        return value;
    }

    private static string DataFolderDefault()
    {
        string? chosen = Environment.GetEnvironmentVariable("CAMELID_DATA_DIR");
        return Path.GetFullPath(string.IsNullOrEmpty(chosen)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".camelid")
            : chosen);
    }

    private static (string Name, string? Value) Split(string word)
    {
        int equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? (word, null) : (word[..equals], word[(equals + 1)..]);
    }
}
