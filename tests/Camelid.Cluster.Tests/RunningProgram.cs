using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Camelid.TestKit;

namespace Camelid.Cluster.Tests;

/// <summary>One of the product's programs as a process of its own, all that it says kept.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(10);
    private readonly StringBuilder said = new();
    private readonly Process process;

    private RunningProgram(Process process) => this.process = process;

    /// <summary>Standard output and standard error so far.</summary>
    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    /// <summary>The folder that a project is built into.</summary>
    public static string FolderOf(string project) =>
        Path.Combine(SharedFiles.RepositoryRoot, "artifacts", "bin", project, "release");

    /// <summary>Copies a built project, for a test that changes its files.</summary>
    /// <returns>The copy's folder.</returns>
    public static string Copy(string project, string to)
    {
        string from = FolderOf(project);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }

    /// <summary>A port that nothing listens on.</summary>
    public static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Starts <c>dotnet PROGRAM …</c>, with <c>NAME=VALUE</c> in its environment.</summary>
    public static RunningProgram Start(string program, IReadOnlyList<string> variables, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [program, .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1";
        foreach (string variable in variables)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            start.Environment[variable[..equals]] = variable[(equals + 1)..];
        }

        RunningProgram running = new(new Process { StartInfo = start });
        running.process.OutputDataReceived += (_, line) => running.Take(line.Data);
        running.process.ErrorDataReceived += (_, line) => running.Take(line.Data);
        running.process.Start();
        running.process.StandardInput.Close();
        running.process.BeginOutputReadLine();
        running.process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Waits until it ends by itself.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using CancellationTokenSource timeout =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"it did not end within {limit.TotalSeconds} s:\n{Said}");
        }

        return process.ExitCode;
    }

    /// <summary>SIGTERM: within 10 s the exit code is 0.</summary>
    public async Task StopAsync()
    {
        using Process signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        Assert.Equal(0, await ExitAsync(StopMax));
    }

    /// <summary>Waits for the answer of <c>/health</c> that is wanted.</summary>
    public async Task<string> HealthAsync(int port, Func<HttpStatusCode, string, bool> isWanted)
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        string last = "";
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60);)
        {
            Assert.False(process.HasExited, Said);
            try
            {
                using HttpResponseMessage response = await http.GetAsync(
                    new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
                last = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                if (isWanted(response.StatusCode, last))
                {
                    return last;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        Assert.Fail($"/health: {last}\n{Said}");
        return last;
    }

    /// <summary>Asks for a short completion.</summary>
    public static async Task<Answer> AskAsync(int port, string dataFolder, string prompt)
    {
        string key = await File.ReadAllTextAsync(
            Path.Combine(dataFolder, "api-key"), TestContext.Current.CancellationToken);
        using HttpClient http = new()
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60),
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Trim());
        using StringContent content = new(
            new JsonObject { ["model"] = "camelid-nano", ["prompt"] = prompt, ["max_tokens"] = 4 }.ToJsonString(),
            Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(
            new Uri("/v1/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        JsonNode body = JsonNode.Parse(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return new Answer((int)response.StatusCode, (string?)body["error"]?["code"] ?? "",
            (string?)body["error"]?["message"] ?? "", response.Headers.RetryAfter?.Delta);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private void Take(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}

/// <summary>What a completion's client sees.</summary>
internal sealed record Answer(int Status, string Code, string Message, TimeSpan? RetryAfter);
