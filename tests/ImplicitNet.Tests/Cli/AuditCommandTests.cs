using System.Globalization;
using System.Text.Json;

namespace ImplicitNet.Tests.Cli;

public sealed class AuditCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void The_keys_are_pinned_and_the_figures_agree_with_theory()
    {
        using TemporaryFolder folder = new();
        JsonElement audit = Audit("--count", "6", "--conditions", "1", "--output", folder["charts"]);
        Assert.Equal(
            [
                "model", "data", "split", "samples", "converged", "gammaDeclared", "gammaCertified", "gammaMeasured", "referenceResidual", "verdict", "explanation",
                "gradients", "conditions", "files", "seconds", "threads", "device", "gammaNorm", "errorBound", "errorNorm", "monotonicityDeclared", "monotonicityCertified", "lipschitzBound",
            ],
            audit.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("L2", "L2"), (audit.GetProperty("gammaNorm").GetString(), audit.GetProperty("errorNorm").GetString()));
        Assert.InRange(audit.GetProperty("errorBound").GetDouble(), 1e-9, 1);
        JsonElement[] gradients = [.. audit.GetProperty("gradients").EnumerateArray()];
        Assert.Equal(["JFB", "Neumann(1)", "Neumann(3)", "Neumann(5)", "refined(5)"], gradients.Select(gradient => gradient.GetProperty("name").GetString()));
        Assert.Equal(
            ["name", "cosine", "relativeError", "directionCosineLeast", "directionErrorLargest", "directionErrorBound", "verdict", "stepsCosine", "stepsError"],
            gradients[0].EnumerateObject().Select(member => member.Name));
        Assert.All(gradients, gradient => Assert.True(gradient.GetProperty("directionErrorLargest").GetDouble() <= gradient.GetProperty("directionErrorBound").GetDouble()));
        double[] errors = [.. gradients.Take(4).Select(gradient => gradient.GetProperty("relativeError").GetDouble())];
        Assert.Equal(errors.OrderDescending(), errors);
        Assert.Equal(audit.GetProperty("verdict").GetString(), gradients[0].GetProperty("verdict").GetString());
        JsonElement condition = Assert.Single(audit.GetProperty("conditions").EnumerateArray());
        Assert.Equal(["sample", "kappa", "status", "limit", "holds"], condition.EnumerateObject().Select(member => member.Name));
        Assert.InRange(condition.GetProperty("limit").GetDouble(), 13.9, 16);
        string[] files = [.. audit.GetProperty("files").EnumerateArray().Select(file => file.GetString()!)];
        Assert.Equal(7, files.Length);
        Page page = Page.Read(files[^1]);
        Assert.Equal(audit.GetProperty("explanation").GetString(), page.Summary);
        Assert.Equal(gradients.Select(gradient => gradient.GetProperty("name").GetString()), page.Column("Gradients", "Gradient"));
        Assert.Equal(gradients.Select(gradient => gradient.GetProperty("cosine").GetDouble().ToString("0.0000", CultureInfo.InvariantCulture)), page.Column("Gradients", "Cosine"));
        Assert.Equal(["0"], page.Column("The descent condition of JFB", "Sample"));
        Assert.Equal(3, page.Charts);
        Assert.All(files, file => Assert.True(new FileInfo(file).Length > 1000, file));
        Assert.Equal(3, files.Count(file => file.EndsWith(".svg", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_person_reads_a_table_and_a_verdict()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of("audit", "--model", model.Path, "--count", "3", "--conditions", "1", "--output", folder.Path, "--threads", "1").Succeeded();
        Assert.All(["3 solves converged", "certified", "at most   to the fixed point, L2 norm", "JFB", "Neumann(5)", "refined(5)", "kappa, sample 0", "kappa is the condition number of M M^T", "The gradient is "], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_no_solve_converges_it_says_that_nothing_is_known()
    {
        JsonElement audit = Audit("--count", "2", "--conditions", "0", "--max-steps", "1");
        Assert.Equal(("unknown", 0), (audit.GetProperty("verdict").GetString(), audit.GetProperty("converged").GetInt32()));
        Assert.Empty(audit.GetProperty("files").EnumerateArray());
        Assert.Empty(audit.GetProperty("conditions").EnumerateArray());
    }

    [Fact]
    public void More_images_than_there_are_is_refused() =>
        CliRun.Of("audit", "--model", model.Path, "--count", "61").Failed(2, "--count 61", "60 images");

    [Fact]
    public void Escalation_without_certificates_is_refused_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--escalate", "--output", folder["run"])).Failed(2, "--escalate", "--certificate-every");
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_run_with_certificates_has_them_in_its_report()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--certificate-every", "10", "--escalate", "--jacobian-penalty", "0.5", "--output", folder["run"])).Succeeded();
        Assert.True(File.Exists(Path.Combine(folder["run"], "charts", "gradient-cosine.png")));
        Assert.Contains("Certified on 2 training batches", File.ReadAllText(Path.Combine(folder["run"], "report.html")), StringComparison.Ordinal);
    }

    private JsonElement Audit(params string[] more)
    {
        CliRun run = CliRun.Of(["audit", "--model", model.Path, "--threads", "1", "--quiet", "--json", .. more]).Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }
}
