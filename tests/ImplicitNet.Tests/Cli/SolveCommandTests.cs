using System.Text.Json;
using System.Xml.Linq;
using ImplicitNet.Models;
using ImplicitNet.Models.Problems;

namespace ImplicitNet.Tests.Cli;

public sealed class SolveCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void A_problem_is_solved_by_every_solver_and_drawn()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of("solve", "--problem", "kepler", "--output", folder["charts"], "--json").Succeeded();
        JsonElement result = Last(run);
        Assert.Equal(("kepler", 20, 1e-8), (result.GetProperty("problem").GetString(), result.GetProperty("samples").GetInt32(), result.GetProperty("tolerance").GetDouble()));
        Assert.Equal(SolverChoice.General, Solvers(result).Select(solver => solver.GetProperty("name").GetString()));
        Assert.All(Solvers(result), solver => Assert.Equal(20, solver.GetProperty("statuses").EnumerateObject().Sum(status => status.Value.GetInt32())));
        Assert.Equal([19, 20, 20, 20, 20], Solvers(result).Select(solver => solver.GetProperty("statuses").GetProperty("Converged").GetInt32()));
        Assert.All(Solvers(result), solver => Assert.True(solver.GetProperty("seconds").GetDouble() > 0));
        Assert.Equal(["solve.html", "solve.png", "solve.svg"], Directory.EnumerateFiles(folder["charts"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(folder["charts"], "solve.png"))[..4]);
        Assert.Equal("svg", XDocument.Load(Path.Combine(folder["charts"], "solve.svg")).Root!.Name.LocalName);
        Page page = Page.Read(result.GetProperty("page").GetString()!);
        Assert.Equal(SolverChoice.General, page.Column("Solvers", "Solver"));
        Assert.Equal(["19 of 20", "20 of 20", "20 of 20", "20 of 20", "20 of 20"], page.Column("Solvers", "Converged"));
        Assert.Equal(Solvers(result).Select(solver => $"{solver.GetProperty("evaluations").GetInt64():N0}"), page.Column("Solvers", "Evaluations"));
        Assert.Contains("4 of 5 solvers brought every sample to it: with the fewest evaluations ", page.Summary, StringComparison.Ordinal);
        Assert.Equal(1, page.Charts);
        Assert.All(["solve.html", "Kepler 1609", "19/20", "1 MaxStepsReached", "20/20", "after a warm-up", "solve.png"], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_says_what_F_is_where_the_title_names_it_and_nothing_of_training()
    {
        using TemporaryFolder folder = new();
        string[] html =
        [
            .. new[] { "bratu", "cosine" }.Select(problem => File.ReadAllText(
                Last(CliRun.Of("solve", "-p", problem, "--solvers", "anderson", "--output", folder[problem], "--json").Succeeded()).GetProperty("page").GetString()!)),
        ];
        Assert.Contains("F(u) = 0 is the equation to solve", new Page(html[0]).Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("F(u)", html[1], StringComparison.Ordinal);
        Assert.All(html, page => Assert.DoesNotContain("ImplicitNet.Training", page, StringComparison.Ordinal));
        Assert.All(html, page => Assert.Contains("<h2>Environment</h2>", page, StringComparison.Ordinal));
        Assert.All(html, page => Assert.Contains(new Page(page).Column("Solvers", "Time").Single() + ".", page, StringComparison.Ordinal));
    }

    [Fact]
    public void An_absolute_tolerance_is_a_thousandth_of_the_relative_one_unless_told()
    {
        using TemporaryFolder folder = new();
        string[] problem = ["solve", "--problem", "cosine", "--solvers", "picard", "--output", folder["charts"], "--json"];
        Assert.Equal(1e-11, Last(CliRun.Of(problem).Succeeded()).GetProperty("absoluteTolerance").GetDouble(), 1e-20);
        CliRun run = CliRun.Of([.. problem, "--absolute-tolerance", "1e6"]).Succeeded();
        Assert.Equal((1e6, 1.0), (Last(run).GetProperty("absoluteTolerance").GetDouble(), Solvers(Last(run)).Single().GetProperty("meanSteps").GetDouble()));
        Assert.Contains("||map(u) - u|| / (||u|| + 100000000000000)", CliRun.Of([.. problem, "--absolute-tolerance", "1e6"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_map_of_a_trained_operator_is_solved_for_test_images()
    {
        using TemporaryFolder folder = new();
        JsonElement[] results =
        [
            .. new[] { "30", "7" }.Select(batch => Last(CliRun.Of(
                "solve", "--model", model.Path, "--count", "30", "--batch", batch, "--solvers", "anderson,newton-krylov", "--tolerance", "1e-4",
                "--output", folder["charts"], "--threads", "1", "--quiet", "--json").Succeeded())),
        ];
        Assert.All(results.SelectMany(Solvers), solver => Assert.Equal(30, solver.GetProperty("statuses").GetProperty("Converged").GetInt32()));
        Assert.All(results.SelectMany(Solvers), solver => Assert.InRange(solver.GetProperty("worstResidual").GetDouble(), 0, 1e-4));
        Assert.Equal(Solvers(results[0]).Select(Steps), Solvers(results[1]).Select(Steps));
        Assert.Equal(model.Path, results[0].GetProperty("model").GetString());

        static double Steps(JsonElement solver) => solver.GetProperty("meanSteps").GetDouble();
    }

    [Fact]
    public void The_models_own_tolerance_and_limit_are_the_default()
    {
        using TemporaryFolder folder = new();
        JsonElement result = Last(CliRun.Of("solve", "--model", model.Path, "--solvers", "picard", "--output", folder["charts"], "--json").Succeeded());
        Assert.Equal("L2", result.GetProperty("errorNorm").GetString());
        Assert.InRange(Solvers(result).Single().GetProperty("errorBound").GetDouble(), 1e-9, 1);
        Assert.Single(Page.Read(result.GetProperty("page").GetString()!).Column("Solvers", "Distance to the fixed point at most, L2 norm"));
        Assert.Equal((1e-3, 100, 60), (result.GetProperty("tolerance").GetDouble(), result.GetProperty("maxSteps").GetInt32(), result.GetProperty("samples").GetInt32()));
    }

    [Fact]
    public void Options_reach_the_solvers_that_have_them()
    {
        using TemporaryFolder folder = new();
        JsonElement plain = Solve("--solvers", "anderson,picard");
        JsonElement small = Solve("--solvers", "anderson,picard", "--memory", "1");
        JsonElement damped = Solve("--solvers", "anderson,picard", "--mixing", "0.5");
        Assert.True(Evaluations(small, 0) > Evaluations(plain, 0));
        Assert.Equal(Evaluations(plain, 1), Evaluations(small, 1));
        Assert.True(Evaluations(damped, 1) > Evaluations(plain, 1));
        Assert.Equal(7, Solvers(Solve("--solvers", "picard", "--max-steps", "7"))[0].GetProperty("maxSteps").GetInt32());

        JsonElement Solve(params string[] more) =>
            Last(CliRun.Of(["solve", "--problem", "symmetric", "--output", folder["charts"], "--quiet", "--json", .. more]).Succeeded());
        static long Evaluations(JsonElement result, int index) => Solvers(result)[index].GetProperty("evaluations").GetInt64();
    }

    [Fact]
    public void The_list_and_the_table_fit_in_80_columns()
    {
        using TemporaryFolder folder = new();
        string list = CliRun.Of("solve", "--problem", "list").Succeeded().Output;
        Assert.All(FixedPointProblems.All, problem => Assert.Contains($"  {problem.Name} ", list, StringComparison.Ordinal));
        string table = CliRun.Of("solve", "--problem", "bratu", "--solvers", "picard,newton-krylov", "--max-steps", "50", "--output", folder["c"]).Succeeded().Output;
        Assert.All(
            [.. list.Split('\n'), .. table.Split('\n').Where(line => !line.Contains(folder.Path, StringComparison.Ordinal))],
            line => Assert.InRange(line.Length, 0, 79));
    }

    [Fact]
    public void All_problems_are_a_table_of_solvers_with_totals_in_80_columns()
    {
        CliRun run = CliRun.Of("solve", "--problem", "all", "--max-steps", "10", "--json").Succeeded();
        string[] lines = run.Output.Split('\n');
        Assert.All(lines.Where(line => !line.StartsWith('{')), line => Assert.InRange(line.Length, 0, 79));
        JsonElement result = Last(run);
        JsonElement[] rows = [.. result.GetProperty("problems").EnumerateArray()];
        Assert.Equal(("all", 1e-8, 10), (result.GetProperty("problem").GetString(), result.GetProperty("tolerance").GetDouble(), result.GetProperty("maxSteps").GetInt32()));
        Assert.Equal(FixedPointProblems.All.Select(problem => (problem.Name, problem.Parameters.Count)), rows.Select(row => (row.GetProperty("name").GetString()!, row.GetProperty("samples").GetInt32())));
        Assert.Equal(SolverChoice.General, Solvers(result).Select(solver => solver.GetProperty("name").GetString()));
        foreach ((int column, JsonElement total) in Solvers(result).Index())
        {
            JsonElement[] cells = [.. rows.Select(row => Solvers(row)[column])];
            Assert.Equal(cells.Count(cell => cell.GetProperty("solved").GetBoolean()), total.GetProperty("solved").GetInt32());
            Assert.Equal(cells.Sum(Converged), total.GetProperty("converged").GetInt32());
            Assert.Equal(cells.Sum(cell => cell.GetProperty("evaluations").GetInt64()), total.GetProperty("evaluations").GetInt64());
        }

        foreach (JsonElement row in rows)
        {
            string line = Assert.Single(lines, line => line.StartsWith($"  {row.GetProperty("name").GetString()} ", StringComparison.Ordinal));
            int samples = row.GetProperty("samples").GetInt32();
            IEnumerable<string> expected = Solvers(row).Select(cell => Converged(cell) == samples
                ? $"{cell.GetProperty("evaluations").GetInt64():N0}"
                : $"{Converged(cell)} of {samples}");
            Assert.EndsWith(string.Join(' ', expected), System.Text.RegularExpressions.Regex.Replace(line.TrimEnd(), " +", " "), StringComparison.Ordinal);
        }

        // The rows fill more than a screen: the names of the solvers stand above the totals again.
        Assert.Equal(2, lines.Count(line => line.StartsWith("  problem  ", StringComparison.Ordinal) && line.Contains(" newton-krylov ", StringComparison.Ordinal)));
        Assert.All(["solved of 83", "samples of 205", "evaluations "], text => Assert.Contains($"\n  {text}", run.Output, StringComparison.Ordinal));

        static int Converged(JsonElement cell) => cell.GetProperty("statuses").GetProperty("Converged").GetInt32();
    }

    [Fact]
    public void Of_all_problems_a_row_is_what_the_problem_alone_gives()
    {
        using TemporaryFolder folder = new();
        JsonElement row = Last(CliRun.Of("solve", "--problem", "all", "--solvers", "broyden,picard", "--tolerance", "1e-6", "--max-steps", "60", "--quiet", "--json").Succeeded())
            .GetProperty("problems").EnumerateArray().Single(problem => problem.GetProperty("name").GetString() == "kepler");
        JsonElement alone = Last(CliRun.Of("solve", "--problem", "kepler", "--solvers", "broyden,picard", "--tolerance", "1e-6", "--max-steps", "60", "--output", folder["c"], "--quiet", "--json").Succeeded());
        foreach ((JsonElement cell, JsonElement solver) in Solvers(row).Zip(Solvers(alone)))
        {
            Assert.Equal(solver.GetProperty("evaluations").GetInt64(), cell.GetProperty("evaluations").GetInt64());
            Assert.Equal(solver.GetProperty("statuses").GetRawText(), cell.GetProperty("statuses").GetRawText());
            Assert.InRange(cell.GetProperty("largestError").GetDouble(), 0, 1e-4);
        }
    }

    [Fact]
    public void What_cannot_be_solved_is_refused_in_one_line()
    {
        using TemporaryFolder folder = new();
        CliRun.Of("solve").Failed(2, "--problem NAME", "--model FOLDER");
        CliRun.Of("solve", "--problem", "kepler", "--model", model.Path).Failed(2, "either");
        CliRun.Of("solve", "--problem", "keppler").Failed(2, "--problem keppler", "kepler?");
        CliRun.Of("solve", "--problem", "kepler", "--count", "3").Failed(2, "--count", "--model");
        CliRun.Of("solve", "--problem", "all", "--output", folder["none"]).Failed(2, "--output", "draws none");
        CliRun.Of("solve", "--problem", "all", "--count", "3").Failed(2, "--count", "--model");
        CliRun.Of("solve", "--problem", "kepler", "--solvers", "picard,newton").Failed(2, "--solvers newton", "newton-krylov?");
        CliRun.Of("solve", "--problem", "kepler", "--solvers", "picard,picard").Failed(2, "twice");
        CliRun.Of("solve", "--problem", "kepler", "--solvers", ",").Failed(2, "given nothing");
        CliRun.Of("solve", "--problem", "kepler", "--solvers", "picard,newton-krylov", "--memory", "3").Failed(2, "--memory 3");
        CliRun.Of("solve", "--problem", "kepler", "--tolerance", "0").Failed(2, "--tolerance");
        CliRun.Of("solve", "--model", folder["none"]).Failed(1, Path.Combine(folder["none"], "config.json"));
        CliRun.Of("solve", "--model", model.Path, "--count", "61").Failed(1, "--count 61", "60");
        string file = folder.Write("file", "content"u8);
        CliRun.Of("solve", "--problem", "kepler", "--output", Path.Combine(file, "charts")).Failed(1, file, "cannot be written to");
        Assert.Equal(["file"], folder.Names);
    }

    private static JsonElement Last(CliRun run)
    {
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        return json.RootElement.Clone();
    }

    private static JsonElement[] Solvers(JsonElement result) => [.. result.GetProperty("solvers").EnumerateArray()];
}
