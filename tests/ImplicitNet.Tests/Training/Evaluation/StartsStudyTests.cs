using ImplicitNet.Networks;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class StartsStudyTests : TensorTest
{
    [Fact]
    public void The_area_is_the_share_of_pairs_in_which_the_right_one_has_more_agreement()
    {
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            StartsStudy.Sample[] samples = [.. Enumerable.Range(0, 40).Select(_ => new StartsStudy.Sample(random.Next(0, 5), random.Next(3) > 0))];
            double[] pairs = [.. from right in samples where right.IsRight from wrong in samples where !wrong.IsRight select right.Agreeing > wrong.Agreeing ? 1 : right.Agreeing == wrong.Agreeing ? 0.5 : 0];
            Assert.Equal(pairs.Average(), new StartsStudy(4, samples).AreaUnderCurve, 12);
        }

        Assert.True(double.IsNaN(new StartsStudy(4, [new(4, true)]).AreaUnderCurve));
        Assert.Equal(1, new StartsStudy(4, [new(4, true), new(1, false)]).AreaUnderCurve);
    }

    [Fact]
    public void Starts_that_end_elsewhere_do_not_agree_and_the_same_start_twice_does()
    {
        // Dead-end filling from zero ends elsewhere mostly.
        Mazes mazes = new(9, 100, 33);
        using ImplicitNetwork network = DeadEndNetwork.Create();
        StartsStudy apart = StartsStudy.Measure(network, new DenseClassification(), mazes, [StartingPoint.Operator, StartingPoint.Zero]);
        Assert.Equal(100, apart.Samples.Count);
        Assert.All(apart.Samples, sample => Assert.True(sample.IsRight));
        Assert.InRange(apart.Samples.Count(sample => sample.Agreeing == 1), 80, 100);

        StartsStudy same = StartsStudy.Measure(network, new DenseClassification(), mazes, [StartingPoint.Zero, StartingPoint.Zero, StartingPoint.Operator]);
        Assert.All(same.Samples, sample => Assert.InRange(sample.Agreeing, 2, 3));
        Assert.Equal(apart.Samples.Count(sample => sample.Agreeing == 1), same.Samples.Count(sample => sample.Agreeing == 2));
        Assert.Equal(apart.Samples.Count(sample => sample.Agreeing == 1), same.Samples.Count(sample => !sample.IsRight));

        // Two wrong answers outvote the right one of the first start; where all three agree the answer is right.
        StartsStudy outvoted = StartsStudy.Measure(network, new DenseClassification(), mazes, [StartingPoint.Operator, StartingPoint.Zero, StartingPoint.Zero]);
        Assert.All(outvoted.Samples, sample => Assert.Equal(sample.Agreeing == 3, sample.IsRight));
        Assert.Equal(same.Samples, outvoted.Samples);

        // What does not converge agrees with nothing.
        StartsStudy cut = StartsStudy.Measure(network, new DenseClassification(), mazes, [StartingPoint.Zero, StartingPoint.Zero], network.Settings with { Stopping = network.Stopping with { MaxSteps = 1 } });
        Assert.All(cut.Samples, sample => Assert.Equal(0, sample.Agreeing));
    }
}
