using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Verification;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>
/// A tiny model of random weights in one precision, its graphs for every number of slots and threads, a plain engine
/// that runs one request at a time, and a verifier.
/// </summary>
internal sealed class NeedleModel : IAsyncDisposable
{
    /// <summary>Memory for about two requests: others wait, and what earlier ones left is thrown away.</summary>
    internal const long TightKeyValueBytes = 400_000;

    private static readonly ModelArchitecture Architecture = RandomModel.Llama with
    {
        HiddenSize = 64, Heads = 4, KeyValueHeads = 2, FeedForwardSize = 96, ContextTokensMax = 256,
    };

    private readonly Dictionary<(int Slots, int Threads), LoadedGraph> graphs = [];
    private readonly ModelPackage package;
    private readonly ModelWeights weights;
    private readonly ModelTokenizer tokenizer;
    private readonly int tokensMin;

    private NeedleModel(ModelPackage package, int tokensMin)
    {
        (this.package, this.tokensMin) = (package, tokensMin);
        weights = new ModelWeights(package, ExecutionProvider.Cpu);
        tokenizer = ModelTokenizer.Open(package);
        Plain = Engine(new LanguageModelOptions { Slots = 1, ReusesPrefixes = false, DraftTokensMax = 0 });
        Verifier = new OutputVerifier(package.Manifest, tokenizer, new SlotSession(Graph(1, 1)));
    }

    /// <summary>One request at a time, nothing guessed, nothing used again.</summary>
    internal GenerationEngine Plain { get; }

    /// <summary>One pass over prompt and output.</summary>
    internal OutputVerifier Verifier { get; }

    /// <summary>Tokens of the vocabulary.</summary>
    internal static int VocabularySize => Architecture.VocabularySize;

    /// <summary>Makes the model in a folder.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="precision">fp32, int8 or int4.</param>
    /// <param name="tokensMin">1 lets decoding run attention of one row, which it must not.</param>
    internal static async Task<NeedleModel> CreateAsync(string folder, string precision, int tokensMin = 2)
    {
        string source = Path.Combine(folder, "source");
        HuggingFaceFolder.Write(new RandomModel(Architecture, seed: 11), source);
        ModelImportOptions options = new()
        {
            SourcePath = source, ModelsFolder = Path.Combine(folder, "models"), Precision = precision,
        };
        return new NeedleModel(await ModelImporter.ImportAsync(options, null, CancellationToken.None), tokensMin);
    }

    /// <summary>A new engine over the model's graphs.</summary>
    internal GenerationEngine Engine(LanguageModelOptions options)
    {
        LoadedGraph? several = options.Slots > 1 ? Graph(options.Slots, options.Threads) : null;
        SlotRunner runner = new(Graph(1, options.Threads), several);
        KeyValuePool memory = new(weights, runner.CreateCache, options);
        return new GenerationEngine(package.Manifest, tokenizer, runner, options, memory);
    }

    public async ValueTask DisposeAsync()
    {
        await Plain.DisposeAsync();
        await Verifier.DisposeAsync();
        tokenizer.Dispose();
        foreach (LoadedGraph graph in graphs.Values)
        {
            graph.Dispose();
        }

        weights.Dispose();
    }

    private LoadedGraph Graph(int slots, int threads)
    {
        if (!graphs.TryGetValue((slots, threads), out LoadedGraph? graph))
        {
            graphs[(slots, threads)] = graph = new LoadedGraph(weights, slots, threads) { TokensMin = tokensMin };
            if (slots == 1 && tokensMin > 1)
            {
                // As a start does: a single row of logits where this machine gives it the same bits.
                NumericsProbe.Check(package.Manifest, graph, several: null);
            }
        }

        return graph;
    }
}
