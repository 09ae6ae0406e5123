using Camelid.ModelRuntime.Graphs;

namespace Camelid.ModelRuntime.Tests.Graphs;

public sealed class NativeEnvironmentTests
{
    [Fact]
    public void Without_the_variable_no_session_is_made_and_the_refusal_names_it()
    {
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(
            () => NativeEnvironment.Require(isReady: false));
        Assert.Contains("ORT_GQA_DISABLE_FLASH_ATTENTION=1", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The negative control of Prepare: what .NET sets, native code does not see.</summary>
    [Fact]
    public void What_Dotnet_sets_native_code_does_not_see()
    {
        Assert.True(NativeEnvironment.IsReady);
        Environment.SetEnvironmentVariable(NativeEnvironment.Variable, "0");
        Assert.True(NativeEnvironment.IsReady);
        Environment.SetEnvironmentVariable(NativeEnvironment.Variable, "1");
    }
}
