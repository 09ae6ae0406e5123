using Camelid.Dashboard;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;

return await ServiceProcess.RunAsync(async () =>
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults();
    builder.AddDashboard();
    builder.AddServiceBus();

    WebApplication app = builder.Build();
    app.MapDashboard();
    app.MapDefaultEndpoints();
    await app.RunAsync();
});
