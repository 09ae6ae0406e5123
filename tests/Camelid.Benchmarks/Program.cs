using System.Globalization;
using System.Text.Json;
using Camelid.Benchmarks;
using Camelid.Benchmarks.Runtime;
using Camelid.ModelRuntime.Graphs;

NativeEnvironment.Prepare();
Dictionary<string, Func<string[], Task<int>>> parts = new(StringComparer.Ordinal)
{
    ["cuda"] = CudaCheck.RunAsync,
    ["needle"] = NeedleBenchmark.RunAsync,
    ["runtime"] = RuntimeBenchmark.RunAsync,
    ["sampler"] = SamplingBenchmarks.RunAsync,
    [MemoryProbe.Word] = MemoryProbe.RunAsync,
};
if (args is [string word, .. string[] rest] && parts.TryGetValue(word, out Func<string[], Task<int>>? part))
{
    return await part(rest);
}

if (args.Any(argument => argument != "--json"))
{
    Console.Error.WriteLine("usage: ./camelid bench [--json] | runtime | needle | sampler | cuda …");
    return 2;
}

List<Measurement> all = [];
await foreach (Measurement measurement in new ChainBenchmarks().RunAsync())
{
    Add(measurement);
}

await using (ModelBenchmarks model = await ModelBenchmarks.LoadAsync(CancellationToken.None))
{
    await foreach (Measurement measurement in model.RunAsync())
    {
        Add(measurement);
    }
}

Add(await OutboxBenchmark.RunAsync());
if (args.Length > 0)
{
    JsonSerializerOptions indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    Console.WriteLine(JsonSerializer.Serialize(new { rounds = Measurement.Rounds, measurements = all }, indented));
    return 0;
}

int width = all.Max(measurement => measurement.Name.Length);
Console.WriteLine($"{"".PadRight(width)}    median     least      most");
foreach (Measurement measurement in all)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{measurement.Name.PadRight(width)}  {Figure(measurement.Value),8}  {Figure(measurement.Least),8}  "
        + $"{Figure(measurement.Most),8}  {measurement.Unit}"));
}

return 0;

void Add(Measurement measurement)
{
    all.Add(measurement);
    Console.Error.WriteLine($"measured: {measurement.Name}");
}

static string Figure(double value) => value.ToString(value < 100 ? "F2" : "F0", CultureInfo.InvariantCulture);
