using System.Globalization;
using System.Text.Json;

namespace Camelid.Benchmarks;

/// <summary>Writes measurements to standard output, for people or as one JSON document.</summary>
internal static class MeasurementTable
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(IReadOnlyList<Measurement> all, bool isJson)
    {
        if (isJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new MeasurementDocument(Measurement.Rounds, all), Indented));
            return;
        }

        int width = all.Max(measurement => measurement.Name.Length);
        Console.WriteLine($"{"".PadRight(width)}    median     least      most");
        foreach (Measurement measurement in all)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{measurement.Name.PadRight(width)}  {Figure(measurement.Value),8}  {Figure(measurement.Least),8}  "
                + $"{Figure(measurement.Most),8}  {measurement.Unit}"));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote as JSON.</summary>
    public static IReadOnlyList<Measurement> Read(string json) =>
        JsonSerializer.Deserialize<MeasurementDocument>(json, Indented)!.Measurements;

    private static string Figure(double value) =>
        value.ToString(value < 100 ? "F2" : "F0", CultureInfo.InvariantCulture);
}

/// <summary>The JSON document of a run.</summary>
/// <param name="Rounds">Rounds behind each line.</param>
/// <param name="Measurements">The lines.</param>
internal sealed record MeasurementDocument(int Rounds, IReadOnlyList<Measurement> Measurements);
