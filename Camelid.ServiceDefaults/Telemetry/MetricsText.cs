using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;

namespace Camelid.ServiceDefaults.Telemetry;

/// <summary>
/// Collects the process's meters and renders them as Prometheus text. Histograms give their sum and count.
/// </summary>
public sealed class MetricsText : IHostedService, IDisposable
{
    /// <summary>Most time series kept: a label that grows without end cannot fill the memory.</summary>
    public const int SeriesMax = 10_000;

    private static readonly string[] MeterPrefixes =
        ["Camelid", "Microsoft.AspNetCore", "System.Runtime", "System.Net.Http", "MassTransit", "Npgsql"];

    private readonly ConcurrentDictionary<(string Name, string Labels), double> series = new();
    private readonly MeterListener listener = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener.InstrumentPublished = (instrument, target) =>
        {
            if (MeterPrefixes.Any(prefix => instrument.Meter.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                target.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<float>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>All series, sorted by name.</summary>
    public string Render()
    {
        listener.RecordObservableInstruments();
        StringBuilder text = new();
        foreach (((string name, string labels), double value) in series.OrderBy(pair => pair.Key))
        {
            text.Append(name);
            if (labels.Length > 0)
            {
                text.Append('{').Append(labels).Append('}');
            }

            text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string name = Identifier(instrument.Name);
        string labels = Labels(tags);
        if (instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal))
        {
            Add(name + "_sum", labels, value);
            Add(name + "_count", labels, 1);
        }
        else if (instrument.IsObservable)
        {
            Set(name, labels, value);
        }
        else
        {
            Add(name, labels, value);
        }
    }

    private void Add(string name, string labels, double value)
    {
        if (series.Count < SeriesMax || series.ContainsKey((name, labels)))
        {
            series.AddOrUpdate((name, labels), value, (_, old) => old + value);
        }
    }

    private void Set(string name, string labels, double value)
    {
        if (series.Count < SeriesMax || series.ContainsKey((name, labels)))
        {
            series[(name, labels)] = value;
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder labels = new();
        foreach ((string key, object? value) in tags)
        {
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(labels.Length > 0 ? "," : "").Append(Identifier(key)).Append("=\"")
                .Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"",
                    StringComparison.Ordinal)
                    .Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return labels.ToString();
    }

    private static string Identifier(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
}
