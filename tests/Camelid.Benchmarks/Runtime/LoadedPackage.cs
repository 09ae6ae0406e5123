using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// A package loaded once: graphs of any number of slots, engines and verifiers share its weights. The battery that a
/// <see cref="LanguageModel"/> computes at its start is a step of its own here.
/// </summary>
internal sealed class LoadedPackage : IDisposable
{
    private readonly ModelWeights weights;
    private readonly Dictionary<int, LoadedGraph> graphs = [];
    private readonly ModelTokenizer tokenizer;
    private readonly int threads;

    internal LoadedPackage(ModelPackage package, int threads, ExecutionProvider provider = ExecutionProvider.Cpu)
    {
        (Package, this.threads) = (package, threads);
        weights = new ModelWeights(package, provider);
        tokenizer = ModelTokenizer.Open(package);
    }

    /// <summary>The package.</summary>
    internal ModelPackage Package { get; }

    /// <summary>What computes.</summary>
    internal ExecutionProvider Provider => weights.Provider;

    /// <summary>
    /// Computes the battery: the graph of one slot learns how few rows of logits it may give, and sequences in
    /// <paramref name="slots"/> slots must have the bits of each alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">They have others.</exception>
    internal Hash256 Probe(int slots) =>
        NumericsProbe.Check(Package.Manifest, Graph(1), slots > 1 ? Graph(slots) : null);

    /// <summary>A session of so many slots, the caller's own.</summary>
    internal SlotSession CreateSession(int slots) => new(Graph(slots));

    /// <summary>An engine, the caller's own.</summary>
    internal GenerationEngine CreateEngine(LanguageModelOptions options)
    {
        SlotRunner runner = new(Graph(1), options.Slots > 1 ? Graph(options.Slots) : null);
        KeyValuePool memory = new(weights, runner.CreateCache, options);
        return new GenerationEngine(Package.Manifest, tokenizer, runner, options, memory);
    }

    /// <summary>A verifier, the caller's own.</summary>
    internal OutputVerifier CreateVerifier() => new(Package.Manifest, tokenizer, CreateSession(1));

    public void Dispose()
    {
        foreach (LoadedGraph graph in graphs.Values)
        {
            graph.Dispose();
        }

        weights.Dispose();
        tokenizer.Dispose();
    }

    private LoadedGraph Graph(int slots)
    {
        if (!graphs.TryGetValue(slots, out LoadedGraph? graph))
        {
            graphs[slots] = graph = new LoadedGraph(weights, slots, threads);
            if (slots == 1)
            {
                // As a start does: one row of logits where this machine gives it the bits of several.
                NumericsProbe.Check(Package.Manifest, graph, several: null);
            }

            weights.ReleasePages();
        }

        return graph;
    }
}
