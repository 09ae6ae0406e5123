using System.Runtime.CompilerServices;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests;

[assembly: AssemblyFixture(typeof(ModelFixture))]

namespace Camelid.ModelRuntime.Tests;

/// <summary>camelid-nano, loaded once for all tests.</summary>
public sealed class ModelFixture : IAsyncLifetime
{
    private LanguageModel? model;

    /// <summary>The model.</summary>
    public LanguageModel Model => model ?? throw new InvalidOperationException("the fixture is not initialised");

    /// <summary>What a launcher does: before any session, and before any other thread.</summary>
    [ModuleInitializer]
    internal static void PrepareEnvironment() => NativeEnvironment.Prepare();

    public async ValueTask InitializeAsync()
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, CancellationToken.None);
        model = await LanguageModel.LoadAsync(package, new LanguageModelOptions(), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (model is not null)
        {
            await model.DisposeAsync();
        }
    }
}
