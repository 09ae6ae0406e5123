using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.Node;

/// <summary>What a starting node tells its operator: each step with its time, then how to use it.</summary>
internal sealed class NodeProgress(TextWriter output, NodeFolder folder, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A part that is not ready after this says why, and again whenever the reason changes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, string> said = [];
    private readonly long started = time.GetTimestamp();

    /// <summary>Writes one line with the seconds since the start.</summary>
    public void Line(string text) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"camelid: {time.GetElapsedTime(started).TotalSeconds,5:F1} s  {text}"));

    /// <summary>Names each part as it becomes ready, then the addresses.</summary>
    public async Task WaitUntilReadyAsync(WebApplication app, NodeOptions options, CancellationToken cancellationToken)
    {
        HealthCheckService health = app.Services.GetRequiredService<HealthCheckService>();
        HashSet<string> ready = ["self"];
        using PeriodicTimer timer = new(Pause, time);
        try
        {
            while (true)
            {
                HealthReport report = await health.CheckHealthAsync(cancellationToken);
                foreach ((string name, HealthReportEntry entry) in report.Entries)
                {
                    if (entry.Status == HealthStatus.Healthy && ready.Add(name))
                    {
                        Line($"{name} ready");
                    }
                }

                SayWhatIsMissing(report);

                if (report.Status == HealthStatus.Healthy)
                {
                    WriteAddresses(app, options);
                    return;
                }

                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped before it was ready: the caller waits for the shutdown.
        }
    }

    private void SayWhatIsMissing(HealthReport report)
    {
        if (time.GetElapsedTime(started) < Patience)
        {
            return;
        }

        foreach ((string name, HealthReportEntry entry) in report.Entries)
        {
            string reason = entry.Description ?? entry.Exception?.Message ?? "not healthy";
            if (entry.Status != HealthStatus.Healthy && said.GetValueOrDefault(name) != reason)
            {
                said[name] = reason;
                Line($"{name} not ready: {reason}");
            }
        }
    }

    private void WriteAddresses(WebApplication app, NodeOptions options)
    {
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses
            .FirstOrDefault(candidate => candidate.StartsWith("http://127.0.0.1", StringComparison.Ordinal))
            ?? $"http://127.0.0.1:{options.Port}";
        string key = folder.IsNew && File.Exists(folder.ApiKeyFile)
            ? $"{File.ReadAllText(folder.ApiKeyFile).Trim()} (kept in {folder.ApiKeyFile})"
            : $"in {folder.ApiKeyFile}";
        output.WriteLine($$"""

              gateway    {{address}}/v1
              dashboard  {{address}}/
              API key    {{key}}

            {{FirstLine(address, options)}}

            """);
        Line("ready");
    }

    private string FirstLine(string address, NodeOptions options) => options.Roles switch
    {
        { IsWorker: true } => CurlLine(address, options.Model),
        { IsClient: true } => $"./camelid jobs submit {options.Model} \"Once upon a time\" --wait --url {address} "
            + $"--api-key-file '{folder.ApiKeyFile}'",
        _ => "./camelid node status --url " + address,
    };

    private string CurlLine(string address, string model) =>
        $"curl -s {address}/v1/completions -H \"Authorization: Bearer $(cat '{folder.ApiKeyFile}')\" "
        + "-H 'Content-Type: application/json' "
        + $$"""-d '{"model":"{{model}}","prompt":"Once upon a time","max_tokens":48}'""";
}
