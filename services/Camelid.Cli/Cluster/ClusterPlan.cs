using System.Globalization;

namespace Camelid.Cli.Cluster;

/// <summary>One process of a cluster.</summary>
/// <param name="Name">Its name in the operator's eyes, such as <c>inference-1</c>.</param>
/// <param name="Service">Its name in service discovery, such as <c>inference</c>.</param>
/// <param name="Program">Its assembly, such as <c>Camelid.Inference</c>.</param>
/// <param name="HttpPort">Port of health, metrics and API.</param>
/// <param name="GrpcPort">Port of gRPC.</param>
internal sealed record ClusterService(
    string Name, string Service, string Program, int HttpPort, int GrpcPort)
{
    /// <summary>Databases that it owns.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    public Uri HttpAddress => new($"http://127.0.0.1:{HttpPort}");
}

/// <summary>
/// Which processes there are, on which ports, with which variables: what Camelid.AppHost says, for one machine.
/// </summary>
internal sealed record ClusterPlan
{
    private const int ServersOffset = 20;
    private const int ServicesOffset = 32;

    /// <summary>Ports that a cluster takes, from the gateway's on.</summary>
    public const int PortsCount = 52;

    public required int Port { get; init; }

    public required string RepositoryRoot { get; init; }

    public required string DataFolder { get; init; }

    public required string ServersFolder { get; init; }

    public required string ServiceToken { get; init; }

    public string Model { get; init; } = "camelid-nano";

    public int ServersPort => Port + ServersOffset;

    public string ServersScript => Path.Combine(RepositoryRoot, "infra", "local", "servers.sh");

    /// <summary>In the order of their start; stopped in reverse.</summary>
    public IReadOnlyList<ClusterService> Services =>
    [
        Service(0, "chain", "Chain", ["chainindex"]),
        Service(1, "modelregistry", "ModelRegistry", ["models"]),
        Service(2, "jobpool", "JobPool", ["jobs"]),
        Service(3, "inference", "Inference", []) with { Name = "inference-1" },
        Service(4, "inference", "Inference", []) with { Name = "inference-2" },
        Service(5, "verifier", "Verifier", ["verdicts"]),
        Service(6, "dashboard", "Dashboard", []),
        Service(7, "gateway", "Gateway", ["accounts"]) with { HttpPort = Port },
    ];

    public Uri Gateway => new($"http://127.0.0.1:{Port}");

    public string ApiKeyFile => Path.Combine(DataFolder, "api-key");

    public string FolderOf(ClusterService service) =>
        service.Service == "gateway" ? DataFolder : Path.Combine(DataFolder, service.Name);

    public string LogOf(ClusterService service) => Path.Combine(DataFolder, "logs", $"{service.Name}.log");

    /// <summary>The variables that Aspire would set.</summary>
    public Dictionary<string, string> VariablesOf(ClusterService service)
    {
        Dictionary<string, string> variables = new()
        {
            ["Kestrel__Endpoints__http__Url"] = service.HttpAddress.ToString(),
            ["Camelid__ServiceToken"] = ServiceToken,
            ["Camelid__DataDir"] = FolderOf(service),
            ["Camelid__Network"] = "regtest",
            ["Camelid__Model"] = Model,
            ["Camelid__Instance"] = service.Name,
            ["OTEL_SERVICE_NAME"] = service.Service,
            ["ConnectionStrings__messaging"] = Invariant($"amqp://guest:guest@127.0.0.1:{ServersPort + 2}"),
            ["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1",
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["Logging__LogLevel__Default"] = "Warning",
            ["Logging__LogLevel__Camelid"] = "Information",
        };
        if (service.Service is not ("gateway" or "dashboard"))
        {
            variables["Kestrel__Endpoints__grpc__Url"] = Invariant($"http://127.0.0.1:{service.GrpcPort}");
        }

        if (service.Service == "gateway")
        {
            variables["ConnectionStrings__redis"] = Invariant($"127.0.0.1:{ServersPort + 1}");
        }

        foreach (string database in service.Databases)
        {
            variables[$"ConnectionStrings__{database}"] = Invariant(
                $"Host=127.0.0.1;Port={ServersPort};Username=postgres;Database={database}");
        }

        foreach (ClusterService other in Services.DistinctBy(other => other.Service))
        {
            variables[$"services__{other.Service}__http__0"] = other.HttpAddress.ToString();
            variables[$"services__{other.Service}__grpc__0"] = Invariant($"http://127.0.0.1:{other.GrpcPort}");
        }

        return variables;
    }

    private ClusterService Service(int index, string service, string program, IReadOnlyList<string> databases)
    {
        int http = Port + ServicesOffset + (2 * index);
        return new ClusterService(service, service, $"Camelid.{program}", http, http + 1) { Databases = databases };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
