using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;

namespace Camelid.ModelRuntime;

/// <summary>A loaded model: tokenizer, engine and verifier over one checked package.</summary>
public sealed class LanguageModel : IAsyncDisposable
{
    private int disposals;

    private LanguageModel(ModelPackage package, ModelTokenizer tokenizer, Hash256 numericsClass)
    {
        Package = package;
        Tokenizer = tokenizer;
        NumericsClass = numericsClass;
    }

    /// <summary>The package.</summary>
    public ModelPackage Package { get; }

    /// <summary>Text to tokens and back.</summary>
    public ModelTokenizer Tokenizer { get; }

    /// <summary>Machines of one class compute equal logits, bit for bit.</summary>
    public Hash256 NumericsClass { get; }

    /// <summary>Generates.</summary>
    public required GenerationEngine Engine { get; init; }

    /// <summary>Recomputes what somebody generated.</summary>
    public required OutputVerifier Verifier { get; init; }

    /// <summary>
    /// Loads a model, measures its numerics class, and checks that this machine computes slots independently.
    /// </summary>
    /// <exception cref="InvalidOperationException">The environment or the machine cannot give repeatable
    /// results.</exception>
    /// <exception cref="ModelPackageException">The package is not complete.</exception>
    public static Task<LanguageModel> LoadAsync(
        ModelPackage package, LanguageModelOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Load(package, options, cancellationToken), cancellationToken);

    /// <summary>
    /// Drains the engine and frees the model. Safe to repeat: containers dispose what they see twice, twice.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposals, 1) != 0)
        {
            return;
        }

        await Engine.DisposeAsync();
        await Verifier.DisposeAsync();
        Tokenizer.Dispose();
    }

    private static LanguageModel Load(
        ModelPackage package, LanguageModelOptions options, CancellationToken cancellationToken)
    {
        NativeEnvironment.Require();
        options.Check();
        using ModelWeights weights = new(package, options.Provider);
        using LoadedGraph single = new(weights, slots: 1, options.Threads);
        using LoadedGraph? several =
            options.Slots > 1 ? new LoadedGraph(weights, options.Slots, options.Threads) : null;
        cancellationToken.ThrowIfCancellationRequested();
        Hash256 digest = NumericsProbe.Check(package.Manifest, single, several);
        ModelTokenizer tokenizer = ModelTokenizer.Open(package);
        SlotRunner runner = new(single, several);
        KeyValuePool memory = new(weights, runner.CreateCache, options);
        return new LanguageModel(package, tokenizer, NumericsProbe.NumericsClass(weights, digest))
        {
            Engine = new GenerationEngine(package.Manifest, tokenizer, runner, options, memory),
            Verifier = new OutputVerifier(package.Manifest, tokenizer, new SlotSession(single)),
        };
    }
}
