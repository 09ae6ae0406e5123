using System.Diagnostics;
using System.Text.RegularExpressions;
using Camelid.Client;

[assembly: AssemblyFixture(typeof(Camelid.Browser.Tests.RunningNode))]

namespace Camelid.Browser.Tests;

/// <summary>One real node for all tests of this project: its own process, port and data folder.</summary>
public sealed partial class RunningNode : IAsyncLifetime
{
    private static readonly TimeSpan StartMax = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(20);

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-browser-").FullName;
    private readonly List<string> lines = [];
    private Process? process;

    /// <summary>Address of the gateway, without a slash at the end.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The first API key.</summary>
    public string ApiKey { get; private set; } = "";

    /// <summary>A client with the first key.</summary>
    public CamelidClient Client { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Camelid.Node.dll");
        ProcessStartInfo start = new("dotnet", [program, "--port", "0", "--data-dir", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1";
        TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Take(line.Data, ready);
        process.ErrorDataReceived += (_, line) => Take(line.Data, ready);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"the node stopped:\n{Log()}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            Address = await ready.Task.WaitAsync(StartMax);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"the node was not ready in {StartMax}:\n{Log()}", exception);
        }

        ApiKey = (await File.ReadAllTextAsync(Path.Combine(folder, "api-key"))).Trim();
        Client = CamelidClient.Create(new Uri(Address), ApiKey);
        while (!(await Client.GetHealthAsync(CancellationToken.None)).IsReady)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (process is { HasExited: false })
        {
            using Process signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            using CancellationTokenSource limit = new(StopMax);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Take(string? line, TaskCompletionSource<string> ready)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Add(line);
        }

        if (Dashboard().Match(line) is { Success: true } match)
        {
            ready.TrySetResult(match.Groups[1].Value);
        }
    }

    private string Log()
    {
        lock (lines)
        {
            return string.Join('\n', lines.TakeLast(40));
        }
    }

    [GeneratedRegex(@"dashboard\s+(http://[^/\s]+)")]
    private static partial Regex Dashboard();
}
