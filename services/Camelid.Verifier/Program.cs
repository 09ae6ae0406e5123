using Camelid.ModelRuntime.Graphs;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;
using Camelid.ServiceDefaults.Rpc;
using Camelid.Verifier;

// Before anything else: setenv is not safe beside a getenv of another thread.
NativeEnvironment.Prepare();
return await ServiceProcess.RunAsync(async () =>
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults();
    builder.AddVerifier();
    builder.AddServiceBus();
    WebApplication app = builder.Build();
    app.UseServiceToken();
    app.MapVerifier();
    app.MapDefaultEndpoints();
    await app.RunAsync();
});
