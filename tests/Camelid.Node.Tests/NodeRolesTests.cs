using Camelid.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Camelid.Node.Tests;

public sealed class NodeRolesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-node-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("client", false, false)]
    [InlineData("worker", true, false)]
    [InlineData("verifier", false, true)]
    [InlineData("client,worker,verifier", true, true)]
    public async Task A_node_has_a_worker_and_a_verifier_only_where_its_roles_say_so(
        string list, bool hasWorker, bool hasVerifier)
    {
        Assert.True(NodeRoles.TryParse(list, out NodeRoles? roles));
        using NodeFolder taken = NodeFolder.Take(folder);
        await using WebApplication node = NodeHost.Build(
            new NodeOptions { DataFolder = folder, Port = 0, Roles = roles }, taken);
        string[] parts = [.. node.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>()
            .Value.Registrations.Select(registration => registration.Name)];
        Assert.Equal((hasWorker, hasVerifier), (parts.Contains("inference"), parts.Contains("verifier")));
        Assert.Equal(list, node.Services.GetRequiredService<IConfiguration>()[NodeRoles.Setting]);
        Assert.Equal(roles, node.Services.GetRequiredService<NodeRoles>());
    }

    [Theory]
    [InlineData("miner")]
    [InlineData("client,,worker")]
    [InlineData("Client")]
    public void A_name_that_is_no_role_ends_the_start_and_is_named(string list)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [NodeRoles.Setting] = list }).Build();
        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() => NodeRoles.Read(configuration));
        Assert.Contains(list, fault.Message, StringComparison.Ordinal);
    }
}
