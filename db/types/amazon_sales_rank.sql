create type amazon_sales_rank as ("Rank" amazon_count);

comment on type amazon_sales_rank is
'How an item sells within a category.';
