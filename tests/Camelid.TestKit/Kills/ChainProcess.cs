using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Camelid.TestKit.Kills;

/// <summary>The program Camelid.Chain as a process of its own, with its JSON door.</summary>
internal sealed class ChainProcess : IAsyncDisposable
{
    /// <summary>The token that its doors ask for.</summary>
    public const string Token = "a-token-of-these-kills-alone-0123456789";
    private const int LinesKept = 400;

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(20);

    private readonly Queue<string> lines = [];
    private readonly Process process;
    private readonly HttpClient http;

    private ChainProcess(Process process, Uri address, Uri rpcAddress)
    {
        this.process = process;
        RpcAddress = rpcAddress;
        http = new HttpClient { BaseAddress = address, Timeout = AnswerMax };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    /// <summary>The last lines that it said.</summary>
    public IReadOnlyList<string> Said
    {
        get
        {
            lock (lines)
            {
                return [.. lines];
            }
        }
    }

    /// <summary>Its gRPC door.</summary>
    public Uri RpcAddress { get; }

    /// <summary>A port that nothing listens on.</summary>
    public static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Starts a chain on a data folder; it may not answer yet.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="mines">True where it has coins, and mines what its wallet sends.</param>
    /// <param name="listen">The port for its peers, or 0.</param>
    /// <param name="connect">The port of the peer that it keeps a connection to, or 0.</param>
    /// <param name="roles">The roles of a node with a faucet (rule P-66); null for all roles and no faucet.</param>
    public static ChainProcess Start(string folder, bool mines, int listen, int connect, string? roles = null)
    {
        string program = Path.Combine(
            SharedFiles.RepositoryRoot, "artifacts", "bin", "Camelid.Chain", "release", "Camelid.Chain.dll");
        (int port, int rpc) = (FreePort(), FreePort());
        ProcessStartInfo start = new("dotnet", [program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            Environment =
            {
                ["Kestrel__Endpoints__http__Url"] = Local(port),
                ["Kestrel__Endpoints__http__Protocols"] = "Http1",
                ["Kestrel__Endpoints__grpc__Url"] = Local(rpc),
                ["Kestrel__Endpoints__grpc__Protocols"] = "Http2",
                ["Camelid__DataDir"] = folder,
                ["Camelid__ServiceToken"] = Token,
                ["Chain__Mine"] = mines ? "true" : "false",
                ["Chain__FundClient"] = mines || roles is not null ? "true" : "false",
                ["Chain__DepositCount"] = "4",
                ["Chain__Faucet"] = roles is null ? "false" : "true",
                ["Camelid__Roles"] = roles ?? "",
                ["Chain__Listen"] = PeerAt(listen),
                ["Chain__Connect"] = PeerAt(connect),
                ["Logging__LogLevel__Camelid"] = "Information",
            },
        };
        ChainProcess running = new(new Process { StartInfo = start }, new Uri(Local(port)), new Uri(Local(rpc)));
        running.process.OutputDataReceived += (_, line) => running.Take(line.Data);
        running.process.ErrorDataReceived += (_, line) => running.Take(line.Data);
        running.process.Start();
        running.process.BeginOutputReadLine();
        running.process.BeginErrorReadLine();
        return running;
    }

    /// <summary>The answer of a route, or null where it is 404.</summary>
    /// <exception cref="HttpRequestException">It does not listen, was killed, or answers otherwise.</exception>
    public async Task<JsonNode?> GetAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        return JsonNode.Parse(await TextOfAsync(response, path, cancellation));
    }

    /// <summary>Posts to a route.</summary>
    /// <exception cref="HttpRequestException">It was killed, or refuses.</exception>
    public async Task<JsonNode?> PostAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await http.PostAsync(
            new Uri(path, UriKind.Relative), null, cancellation);
        string text = await TextOfAsync(response, path, cancellation);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>SIGKILL, at once.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        process.Kill();
        await process.WaitForExitAsync(cancellation);
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code, or null where it did not end in time.</returns>
    public async Task<int?> StopAsync(CancellationToken cancellation)
    {
        using Process signal = Process.Start(
            "kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StopMax);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>True once it ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
        http.Dispose();
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static string PeerAt(int port) =>
        port == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static async Task<string> TextOfAsync(
        HttpResponseMessage response, string path, CancellationToken cancellation)
    {
        string text = await response.Content.ReadAsStringAsync(cancellation);
        return response.IsSuccessStatusCode
            ? text
            : throw new HttpRequestException($"{path}: {(int)response.StatusCode} {text}");
    }

    private void Take(string? line)
    {
        lock (lines)
        {
            lines.Enqueue(line ?? "");
            while (lines.Count > LinesKept)
            {
                lines.Dequeue();
            }
        }
    }
}
