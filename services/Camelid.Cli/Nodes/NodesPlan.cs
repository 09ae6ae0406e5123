using System.Globalization;

namespace Camelid.Cli.Nodes;

/// <summary>One node of several on a machine.</summary>
/// <param name="Name">Its letter: a, b, c …</param>
/// <param name="Roles">What it does, such as <c>worker</c>.</param>
/// <param name="Port">Port of its gateway; peers are one above, chunk streams two.</param>
/// <param name="DataFolder">Where its keys, chain, jobs and models are.</param>
internal sealed record NodeSeat(string Name, string Roles, int Port, string DataFolder)
{
    public int PeerPort => Port + 1;

    public int ChunkPort => Port + 2;

    public Uri Address => new($"http://127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}");

    public string ApiKeyFile => Path.Combine(DataFolder, "api-key");

    public bool IsClient => Roles.Contains("client", StringComparison.Ordinal);
}

/// <summary>
/// Who is who where several nodes run on one machine: A takes HTTP, mines and is the seed node, B computes, C verifies;
/// further ones repeat B and C. Each has its own seed, wallet, data and ports.
/// </summary>
internal sealed record NodesPlan
{
    public const int CountMin = 2;
    public const int CountMax = 16;

    /// <summary>Ports between two nodes.</summary>
    public const int PortStep = 10;

    /// <summary>Port of the first node.</summary>
    public required int Port { get; init; }

    public required int Count { get; init; }

    public required string RepositoryRoot { get; init; }

    public required string DataFolder { get; init; }

    public string Model { get; init; } = "camelid-nano";

    /// <summary>Environment variables of every node beside its own.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<NodeSeat> Seats => [.. Enumerable.Range(0, Count).Select(SeatOf)];

    public string Program =>
        Path.Combine(RepositoryRoot, "artifacts", "bin", "Camelid.Node", "release", "Camelid.Node.dll");

    public string LogOf(NodeSeat seat) => Path.Combine(DataFolder, "nodes", "logs", $"{seat.Name}.log");

    /// <summary>What follows <c>dotnet</c>.</summary>
    public IReadOnlyList<string> ArgumentsOf(NodeSeat seat)
    {
        List<string> arguments =
        [
            Program, "--port", Text(seat.Port), "--data-dir", seat.DataFolder, "--model", Model, "--role", seat.Roles,
            "--mine", IsSeed(seat) ? "yes" : "no",
        ];
        if (!IsSeed(seat))
        {
            arguments.AddRange(["--connect", PeerAddressOf(Seats[0])]);
        }

        return arguments;
    }

    /// <summary>
    /// Settings beside the options: each tells the others where it is and connects to whom it hears of; only A has the
    /// model from the start.
    /// </summary>
    public Dictionary<string, string> VariablesOf(NodeSeat seat) => new(Variables)
    {
        ["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1",
        ["Camelid__Instance"] = seat.Name,
        ["Chain__Discover"] = "true",
        ["Chain__SeedNodes"] = IsSeed(seat) ? "" : PeerAddressOf(Seats[0]),
        ["Chain__PublicAddress"] = PeerAddressOf(seat),
        ["Models__ChunkPort"] = Text(seat.ChunkPort),
        ["Models__Embedded"] = IsSeed(seat) ? "true" : "false",
    };

    /// <summary>Ports that must be free: gateway, peers and chunk streams of each node.</summary>
    public IEnumerable<int> Ports => Seats.SelectMany(seat => new[] { seat.Port, seat.PeerPort, seat.ChunkPort });

    private static bool IsSeed(NodeSeat seat) => seat.Name == "a";

    private static string PeerAddressOf(NodeSeat seat) => $"127.0.0.1:{Text(seat.PeerPort)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private NodeSeat SeatOf(int index)
    {
        string name = ((char)('a' + index)).ToString();
        string roles = (index, Count) switch
        {
            // Where nobody else verifies, A does.
            (0, 2) => "client,verifier",
            (0, _) => "client",
            _ => index % 2 == 1 ? "worker" : "verifier",
        };
        return new NodeSeat(name, roles, Port + (PortStep * index), Path.Combine(DataFolder, "nodes", name));
    }
}
