using ImplicitNet.Cli.Options;

namespace ImplicitNet.Tests.Cli;

/// <summary>A word that is nearly right is answered by the right one; a list comes only where nothing is near.</summary>
public sealed class MisspellingTests
{
    [Theory]
    [InlineData("trian", "'trian' is not understood; did you mean train?")]
    [InlineData("Train", "did you mean train?")]
    [InlineData("evaluat", "did you mean evaluate?")]
    [InlineData("help", "did you mean --help?")]
    [InlineData("fly", "'fly' is not understood; the commands are train, compare, reproduce, ")]
    [InlineData("train --epoch 3", "'--epoch' is not understood; did you mean --epochs?")]
    [InlineData("train --epoch=3", "did you mean --epochs?")]
    [InlineData("train --lr 1", "did you mean --learning-rate?")]
    [InlineData("train --batch-size 8", "did you mean --batch?")]
    [InlineData("train --latent 2", "did you mean --latent-layers?")]
    [InlineData("train --absolut-tolerence 1", "did you mean --absolute-tolerance?")]
    [InlineData("train mnist", "'mnist' is not understood; did you mean --data mnist?")]
    [InlineData("evaluate --model x --epochs 3", "'--epochs' is not understood; it is an option of train, compare and reproduce. ")]
    [InlineData("train --data minst", "--data minst: did you mean mnist?")]
    [InlineData("train --data cifar", "--data cifar: did you mean cifar10?")]
    [InlineData("train --data MNIST", "did you mean mnist?")]
    [InlineData("train --network cifar10", "did you mean cifar10-fpn-small or cifar10-fpn?")]
    [InlineData("train --solver andersen", "--solver andersen: did you mean anderson?")]
    [InlineData("train --solver newton", "did you mean newton-krylov?")]
    [InlineData("train --schedule cosin", "did you mean cosine?")]
    [InlineData("train --gradient jbf", "--gradient jbf: did you mean jfb?")]
    [InlineData("train --gradient neuman:3", "--gradient neuman:3: did you mean neumann?")]
    [InlineData("train --gradient implicit:gmers", "--gradient implicit:gmers: did you mean gmres?")]
    [InlineData("compare --gradients jfb,phanton", "did you mean phantom?")]
    [InlineData("evaluate --model x --split tset", "--split tset: did you mean test?")]
    [InlineData("solve --problem brat", "--problem brat: did you mean bratu?")]
    [InlineData("solve --problem broyden", "did you mean broyden-tridiagonal")]
    [InlineData("solve --problem keppler", "did you mean kepler?")]
    [InlineData("solve --problem kepler --solvers picard,andersn", "--solvers andersn: did you mean anderson?")]
    [InlineData("reproduce minst --hours 1", "the data set minst: did you mean mnist?")]
    [InlineData("import x.pth --network mnist_fpn --gamma 0.5 --output x", "did you mean mnist-fpn?")]
    public void The_nearest_name_is_asked_for(string line, string expected)
    {
        CliRun run = CliRun.Of(line.Split(' ')).Failed(2, expected, "--help'.");
        Assert.Empty(run.Output);
        Assert.DoesNotContain("?.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train --device gpu", "--device must be cpu or cuda; given gpu.")]
    [InlineData("train --data x", "--data must be digits, mnist, fashion-mnist, cifar10, svhn, ellipses, mazes:N, sums:N, annuli, swap, csv:FILE or text:FILE; given x.")]
    [InlineData("solve --problem nothing", "--problem must be list, all, cosine, ")]
    [InlineData("train --gradient lu", "--gradient must be one of jfb, neumann:TERMS")]
    [InlineData("train --solver sor", "--solver must be picard, anderson, broyden, newton-krylov, chain, forward-backward or peaceman-rachford; given sor.")]
    public void Where_nothing_is_near_all_are_named_and_none_is_guessed(string line, string expected) =>
        Assert.DoesNotContain("did you mean", CliRun.Of(line.Split(' ')).Failed(2, expected).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("jbf", "jfb")]
    [InlineData("tpu", null)]
    [InlineData("anderson", "anderson")]
    [InlineData("", null)]
    [InlineData("--", null)]
    public void A_letter_in_four_may_be_wrong(string given, string? expected) =>
        Assert.Equal(expected is null ? null : $"did you mean {expected}?", Misspelling.Meant(given, ["jfb", "cpu", "anderson"]));

    [Fact]
    public void Four_names_that_are_as_near_are_no_answer() => Assert.Null(Misspelling.Meant("name", ["name1", "name2", "name3", "name4"]));
}
