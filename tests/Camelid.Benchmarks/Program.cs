using Camelid.Benchmarks;
using Camelid.Benchmarks.Chain;
using Camelid.Benchmarks.Fuzz;
using Camelid.Benchmarks.Models;
using Camelid.Benchmarks.Runtime;
using Camelid.ModelRuntime.Graphs;

NativeEnvironment.Prepare();
Dictionary<string, Func<string[], Task<int>>> parts = new(StringComparer.Ordinal)
{
    ["chain"] = ChainBench.RunAsync,
    ["kills"] = KillBench.RunAsync,
    ["cuda"] = CudaCheck.RunAsync,
    ["fuzz"] = FuzzBench.RunAsync,
    ["models"] = DistributionBench.RunAsync,
    ["needle"] = NeedleBenchmark.RunAsync,
    ["runtime"] = RuntimeBenchmark.RunAsync,
    ["sampler"] = SamplingBenchmarks.RunAsync,
    ["simulation"] = SimulationBenchmark.RunAsync,
    [MemoryProbe.Word] = MemoryProbe.RunAsync,
};
if (args is [string word, .. string[] rest] && parts.TryGetValue(word, out Func<string[], Task<int>>? part))
{
    return await part(rest);
}

if (args.Any(argument => argument != "--json"))
{
    IEnumerable<string> words = parts.Keys.Where(part => part != MemoryProbe.Word).Order(StringComparer.Ordinal);
    Console.Error.WriteLine($"usage: ./camelid bench [--json] | {string.Join(" | ", words)} …");
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
MeasurementTable.Write(all, args.Length > 0);
return 0;

void Add(Measurement measurement)
{
    all.Add(measurement);
    Console.Error.WriteLine($"measured: {measurement.Name}");
}
