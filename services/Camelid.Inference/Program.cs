using Camelid.Inference;
using Camelid.ModelRuntime.Graphs;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;

// Before anything else: setenv is not safe beside a getenv of another thread.
NativeEnvironment.Prepare();
return await ServiceProcess.RunAsync(async () =>
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults();
    builder.AddInference();
    builder.AddServiceBus();
    WebApplication app = builder.Build();
    app.MapInference();
    app.MapDefaultEndpoints();
    await app.RunAsync();
});
