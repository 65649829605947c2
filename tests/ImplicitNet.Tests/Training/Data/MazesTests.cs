using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class MazesTests : TensorTest
{
    [Fact]
    public void A_batch_holds_what_the_mazes_are_and_their_paths()
    {
        using DisposeScope scope = NewDisposeScope();
        Mazes mazes = new(9, 20, batchSize: 8, seed: 3) { Part = DataPart.Validation };
        using Batch batch = mazes.First(20);
        Assert.Equal("mazes of 9 x 9", mazes.Name);
        Shaped(batch.Inputs, ScalarType.Float32, 20, 3, 9, 9);
        Shaped(batch.Targets, ScalarType.Int64, 20, 9, 9);
        Shaped(batch.Weights!, ScalarType.Float32, 20, 9, 9);
        for (int index = 0; index < 20; index++)
        {
            Maze maze = mazes[index];
            for (int row = 0; row < 9; row++)
            {
                for (int column = 0; column < 9; column++)
                {
                    float open = maze.IsOpen(row, column) ? 1 : 0;
                    float[] expected = [open, maze.Start == (row, column) ? 1 : 0, maze.Goal == (row, column) ? 1 : 0];
                    Assert.Equal(expected, batch.Inputs[index, .., row, column].clone().data<float>());
                    Assert.Equal(open, batch.Weights![index, row, column].ToSingle());
                    Assert.Equal(maze.Path.Contains((row, column)) ? 1 : 0, batch.Targets[index, row, column].ToInt64());
                }
            }
        }

        Assert.True(Mazes.Inputs([.. Enumerable.Range(0, 20).Select(index => mazes[index])]).eq(batch.Inputs).all().ToBoolean());
    }

    [Fact]
    public void Mazes_of_parts_seeds_and_fresh_epochs_differ()
    {
        static string[] Drawn(Mazes source) => [.. Enumerable.Range(0, 50).Select(index => string.Join(" ", source[index].Path))];
        string[] first = Drawn(new(17, 50));
        Assert.Equal(first, Drawn(new(17, 50)));
        Assert.Empty(first.Intersect(Drawn(new(17, 50, seed: 2))));
        Assert.Empty(first.Intersect(Drawn(new(17, 50) { Part = DataPart.Test })));
        using DisposeScope scope = NewDisposeScope();
        Mazes fresh = new(17, 50, batchSize: 50) { IsFreshEveryEpoch = true, IsShuffled = false };
        using Batch one = fresh.Epoch(0).Single(), two = fresh.Epoch(1).Single(), evaluated = fresh.First(50);
        Assert.False(one.Inputs.eq(two.Inputs).all().ToBoolean() || one.Inputs.eq(evaluated.Inputs).all().ToBoolean());
    }

    [Fact]
    public void Mazes_of_several_sides_make_no_batch()
    {
        Maze Drawn(int side) => Maze.Draw(side, new RandomNumbers(1, 0, 0));
        Assert.Contains("Given: 2 of sides [5, 7].", Assert.Throws<ArgumentException>(() => Mazes.Inputs(Drawn(5), Drawn(7))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Mazes.Inputs());
        Assert.Throws<ArgumentOutOfRangeException>(() => new Mazes(9, 4)[4]);
    }

    [Fact]
    public void Sums_are_those_of_the_bits_so_far()
    {
        using DisposeScope scope = NewDisposeScope();
        PrefixSums sums = new(130, 40, batchSize: 40);
        using Batch batch = sums.First(40);
        Assert.Equal(("sums of 130 bits", 130), (sums.Name, sums.Bits));
        Shaped(batch.Inputs, ScalarType.Float32, 40, 1, 130);
        Shaped(batch.Targets, ScalarType.Int64, 40, 130);
        Assert.Null(batch.Weights);
        Assert.True(batch.Inputs.cumsum(2).remainder(2).squeeze(1).eq(batch.Targets).all().ToBoolean());

        // 5,200 fair bits: five standard deviations are 180.
        Assert.InRange(batch.Inputs.sum().ToDouble(), 2600 - 180, 2600 + 180);
        Assert.True((batch.Inputs.eq(0) | batch.Inputs.eq(1)).all().ToBoolean());
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrefixSums(0, 1));
    }

    private static void Shaped(Tensor tensor, ScalarType dtype, params long[] shape)
    {
        Assert.Equal(shape, tensor.shape);
        Assert.Equal(dtype, tensor.dtype);
    }
}
